#include "topic_cache.hpp"

#include "../../retry.hpp"

namespace penstock::kafka::wire {
namespace {

// A missing topic is looked for again soon: it may have just been created.
constexpr Duration kRetry = 1s;
// How long partitions are believed in while nobody can be asked about them.
constexpr Duration kTrust = 30s;

}  // namespace

bool TopicCache::due(const std::string& topic, SteadyTime now) const {
  const auto found = entries_.find(topic);
  if (found == entries_.end() || found->second.doubtful) return true;
  return now - found->second.looked_up >= (found->second.known ? refresh_ : kRetry);
}

void TopicCache::put(const std::string& topic, const Result<TopicInfo>& info, SteadyTime now) {
  Entry& entry = entries_[topic];
  entry.looked_up = now;
  if (!info) {
    // Doubts stay: the next tick asks again.
    if (entry.known && may_pass(info.error().code) && now - entry.confirmed < kTrust) return;
    entry.known.reset();
    entry.error = info.error();
    return;
  }
  entry.doubtful = false;
  entry.confirmed = now;
  entry.error.reset();
  if (!entry.known || entry.known->id != info->topic_id || entry.known->leaders.size() > info->partitions.size()) {
    entry.known.emplace();
    entry.known->id = info->topic_id;
    entry.mentioned = -1;
  }
  entry.known->leaders.clear();
  for (const PartitionInfo& partition : info->partitions) entry.known->leaders.push_back(partition.leader);
  entry.known->starts.resize(info->partitions.size());
  entry.known->ends.resize(info->partitions.size());
  entry.known->stable_ends.resize(info->partitions.size());
}

void TopicCache::doubt(const std::string& topic) {
  if (const auto found = entries_.find(topic); found != entries_.end()) found->second.doubtful = true;
}

void TopicCache::mention(const std::string& topic, int partition) {
  const auto found = entries_.find(topic);
  if (found == entries_.end() || !found->second.known) return;
  Entry& entry = found->second;
  if (partition < static_cast<int>(entry.known->leaders.size()) || partition <= entry.mentioned) return;
  entry.mentioned = partition;
  entry.doubtful = true;
}

KnownTopic* TopicCache::find(const std::string& topic) {
  const auto found = entries_.find(topic);
  return found != entries_.end() && found->second.known ? &*found->second.known : nullptr;
}

Error TopicCache::error(const std::string& topic) const {
  const auto found = entries_.find(topic);
  if (found != entries_.end() && found->second.error) return *found->second.error;
  return {Code::kUnavailable, "not looked up yet", Retry::later()};
}

void TopicCache::keep_only(const std::function<bool(const std::string& topic)>& wanted) {
  std::erase_if(entries_, [&](const auto& entry) { return !wanted(entry.first); });
}

}  // namespace penstock::kafka::wire
