#include "words.hpp"

#include <penstock/scaling/lag.hpp>

#include <algorithm>
#include <limits>

namespace penstock::scaling {
namespace {

// A commit marker leaves a lag of 1 behind an idle transactional producer, two in a row one of 2; consumers commit
// every 5 s by default, so what has not moved for two intervals is not going to.
constexpr std::int64_t kLongestTail = 2;
constexpr Duration kTailPatience = 10s;

// The verdicts of one sample: a type and a topic each, with the partitions they hold for.
class Verdicts {
 public:
  void add(const std::string& type, const TopicPartition& where, const std::string& message) {
    const auto same = [&](const api::Verdict& v) { return v.type == type && v.topic == where.first; };
    auto found = std::find_if(list_.begin(), list_.end(), same);
    if (found == list_.end()) found = list_.insert(list_.end(), api::Verdict{type, where.first, {}, message});
    found->partitions.push_back(where.second);
  }
  std::vector<api::Verdict> take() { return std::move(list_); }

 private:
  std::vector<api::Verdict> list_;
};

// The first reason why the lag is unknown, and how many more there are.
class Unknown {
 public:
  void add(const std::string& where, const std::string& what) {
    if (count_++ == 0) first_ = where + ": " + what;
  }
  std::string text() const { return count_ > 1 ? first_ + " (and " + std::to_string(count_ - 1) + " more)" : first_; }

 private:
  std::string first_;
  int count_ = 0;
};

std::string_view start_words(api::OffsetReset reset) {
  switch (reset) {
    case api::OffsetReset::kEarliest:
      return "consumers read it from its start";
    case api::OffsetReset::kLatest:
      return "consumers go on at its end";
    case api::OffsetReset::kNone:
      return "consumers stop until somebody sets an offset";
  }
  return "";
}

class Reckoning {
 public:
  Reckoning(const GroupInput& input, History& history, const api::ConsumerScalerSpec& spec)
      : input_(input), history_(history), spec_(spec) {}

  Lag run() {
    topics();
    for (const auto& [topic, partitions] : known_)
      for (int p = 0; p < partitions; ++p) partition({topic, p});
    forget();
    lag_.error = unknown_.text();
    lag_.verdicts = verdicts_.take();
    if (lag_.error.empty()) {
      lag_.total = total_;
      lag_.useful = useful_;
      lag_.delay = useful_ == 0 ? Duration{0} : delay_;
    }
    return std::move(lag_);
  }

 private:
  void topics() {
    for (const std::string& topic : spec_.topics)
      if (!input_.topics.contains(topic)) unknown_.add("topic " + topic, "was not read");
    if (input_.topics.empty() && spec_.topics.empty())
      unknown_.add("group " + spec_.consumer_group,
                   "has no commits yet, so its topics are unknown: name them in `topics`");
    for (const auto& [topic, partitions] : input_.topics) {
      if (!partitions) {
        unknown_.add("topic " + topic, partitions.error().what);
        continue;
      }
      known_[topic] = *partitions;
      lag_.partitions += *partitions;
      lag_.largest_topic = std::max(lag_.largest_topic, *partitions);
    }
  }

  void partition(const TopicPartition& where) {
    const std::string name = where.first + "/" + std::to_string(where.second);
    const auto found = input_.partitions.find(where);
    if (found == input_.partitions.end()) return unknown_.add(name, "was not read");
    const PartitionInput& in = found->second;
    if (!in.end) return unknown_.add(name, in.end.error().what);
    if (!in.start) return unknown_.add(name, in.start.error().what);
    if (!in.committed) return unknown_.add(name, in.committed.error().what);
    History::Partition& past = history_.observe(where, input_.taken, *in.end, *in.committed);
    PartitionLag result =
        *in.committed ? with_commit(where, past, *in.start, **in.committed) : without_commit(where, past, *in.start);
    total_ += result.lag;
    if (!result.tail_ignored) useful_ += result.lag;
    lag_.arrivals_without_commit |= result.fresh_activity;
    lag_.by_partition.emplace(where, result);
  }

  PartitionLag with_commit(const TopicPartition& where, History::Partition& past, std::int64_t start,
                           std::int64_t committed) {
    PartitionLag result;
    if (committed > past.end) {
      // Once is a commit that came between reading the end and reading the commit.
      if (input_.taken > past.committed_since) {
        verdicts_.add("OffsetInvalid", where,
                      "the committed offset lies beyond the end: the topic was re-created or cut; " +
                          std::string(start_words(spec_.offset_reset)));
        result.fresh_activity = awaits_first_commit(where, past);
      }
      return result;
    }
    const std::int64_t from = std::max(committed, start);
    result.lag = std::max<std::int64_t>(past.end - from, 0);
    const bool tail = result.lag > 0 && result.lag <= kLongestTail && !spec_.count_tail;
    // Kept when the group is gone afterwards: what was no work stays none until something moves.
    past.tail_ignored = tail && (past.tail_ignored || settled(where, past));
    result.tail_ignored = past.tail_ignored;
    if (result.tail_ignored)
      verdicts_.add("TailIgnored", where,
                    "a lag of at most 2 that has not moved while the group was stable is a commit marker: not counted");
    else if (result.lag > 0)
      note_age(where, from);
    return result;
  }

  PartitionLag without_commit(const TopicPartition& where, History::Partition& past, std::int64_t start) {
    PartitionLag result;
    if (spec_.offset_reset == api::OffsetReset::kEarliest) {
      result.lag = std::max<std::int64_t>(past.end - start, 0);
      if (result.lag > 0) note_age(where, start);
    }
    const bool vanished = past.committed.has_value();
    if (vanished) {
      verdicts_.add("OffsetInvalid", where,
                    "the group's commit is gone, expired or deleted: " + std::string(start_words(spec_.offset_reset)));
      if (spec_.offset_reset != api::OffsetReset::kEarliest)
        result.lag = std::max<std::int64_t>(past.end - std::max(*past.committed, start), 0);
    }
    result.fresh_activity = awaits_first_commit(where, past);
    return result;
  }

  // Whether records arrived, or a commit vanished, and no commit has answered yet. A stable group that has had the
  // partition for a while without a new record starts from here: clients without auto-commit of positions never commit
  // what they skipped, and must be able to rest.
  bool awaits_first_commit(const TopicPartition& where, History::Partition& past) const {
    const auto& in = input_.partitions.at(where);
    const bool vanished = past.committed && !*in.committed;
    const bool pending = vanished || past.end > past.first_end.value_or(past.end);
    if (pending && settled(where, past) && !spec_.count_tail) {
      past.first_end = past.end;
      if (vanished) past.committed.reset();
      return false;
    }
    return pending;
  }

  bool settled(const TopicPartition& where, const History::Partition& past) const {
    return input_.group.known && input_.group.state == "Stable" && input_.group.assigned.contains(where) &&
           past.frozen(input_.taken, kTailPatience);
  }

  void note_age(const TopicPartition& where, std::int64_t offset) {
    const auto age = history_.age_of(where, offset, input_.taken);
    if (age && (!delay_ || *age > *delay_)) delay_ = age;
  }

  void forget() {
    std::map<std::string, int> topics = known_;
    for (const auto& [topic, partitions] : input_.topics)
      if (!partitions) topics[topic] = std::numeric_limits<int>::max();
    // A sample that failed as a whole says nothing about what is gone.
    if (!topics.empty()) history_.keep_only(topics);
  }

  const GroupInput& input_;
  History& history_;
  const api::ConsumerScalerSpec& spec_;
  std::map<std::string, int> known_;
  Lag lag_;
  Verdicts verdicts_;
  Unknown unknown_;
  std::int64_t total_ = 0, useful_ = 0;
  std::optional<Duration> delay_;
};

}  // namespace

bool GroupState::rebalancing() const {
  return state == "PreparingRebalance" || state == "CompletingRebalance" || state == "Assigning" ||
         state == "Reconciling";
}

Lag compute_lag(const GroupInput& input, History& history, const api::ConsumerScalerSpec& spec) {
  return Reckoning(input, history, spec).run();
}

}  // namespace penstock::scaling
