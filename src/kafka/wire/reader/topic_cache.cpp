#include "topic_cache.hpp"

#include "../../retry.hpp"

namespace penstock::kafka::wire {
namespace {

constexpr Duration kRefresh = 5s;
// A missing topic is looked for again soon: it may have just been created.
constexpr Duration kRetry = 1s;
// How long partitions are believed in while nobody can be asked about them.
constexpr Duration kTrustTopics = 30s;

}  // namespace

bool CachedTopic::due(SteadyTime now) const {
  if (!looked_up_ || doubtful_) return true;
  return now - *looked_up_ >= (known_ ? kRefresh : kRetry);
}

void CachedTopic::put(const Result<TopicInfo>& info, SteadyTime now) {
  looked_up_ = now;
  if (!info) {
    // Doubts stay: the next tick asks again.
    if (known_ && may_pass(info.error().code) && now - confirmed_ < kTrustTopics) return;
    known_.reset();
    error_ = info.error();
    return;
  }
  doubtful_ = false;
  confirmed_ = now;
  error_.reset();
  if (!known_ || known_->id != info->topic_id || known_->leaders.size() > info->partitions.size()) {
    known_.emplace();
    known_->id = info->topic_id;
    mentioned_ = -1;
  }
  known_->leaders.clear();
  for (const PartitionInfo& partition : info->partitions) known_->leaders.push_back(partition.leader);
  known_->starts.resize(info->partitions.size());
  known_->ends.resize(info->partitions.size());
  known_->stable_ends.resize(info->partitions.size());
}

void CachedTopic::mention(int partition) {
  if (!known_ || partition < static_cast<int>(known_->leaders.size()) || partition <= mentioned_) return;
  mentioned_ = partition;
  doubtful_ = true;
}

Error CachedTopic::error() const {
  return error_.value_or(Error{Code::kUnavailable, "not looked up yet", Retry::later()});
}

CachedTopic* TopicCache::find(const std::string& topic) {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

void TopicCache::keep_only(std::uint64_t tick) {
  std::erase_if(topics_, [&](const auto& topic) { return topic.second.tick != tick; });
}

}  // namespace penstock::kafka::wire
