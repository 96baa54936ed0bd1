// From offsets to lag: pure arithmetic over one sample of one consumer group. An error is never a number: if any
// partition's lag is unknown, so is the sum.
#pragma once
#include <penstock/api/consumer_scaler.hpp>
#include <penstock/base/error.hpp>
#include <penstock/scaling/history.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace penstock::scaling {

struct PartitionInput {
  Result<std::int64_t> end, start;  // end: high watermark, or last stable offset when the spec says read_committed
  Result<std::optional<std::int64_t>> committed;
};

struct GroupState {
  bool known = false;  // the group could be described
  std::string type, state, assignor;
  int members = 0;
  std::set<TopicPartition> assigned;
  bool rebalancing() const;
};

struct GroupInput {
  SteadyTime taken{};
  GroupState group;
  std::map<std::string, Result<int>> topics;  // topic → number of partitions
  std::map<TopicPartition, PartitionInput> partitions;
};

struct PartitionLag {
  std::int64_t lag = 0;  // records, ≥ 0
  bool tail_ignored = false;
  bool fresh_activity = false;  // no commit, but records arrived since we look
};

struct Lag {
  // Set only when every partition's lag is known.
  std::optional<std::int64_t> total;   // as a person would count it
  std::optional<std::int64_t> useful;  // what counts for need and activity: without ignored tails
  std::optional<Duration> delay;       // age of the oldest unconsumed record, at least; needs history
  bool arrivals_without_commit = false;
  int partitions = 0;
  int largest_topic = 0;  // partitions of the largest topic
  std::map<TopicPartition, PartitionLag> by_partition;
  std::vector<api::Verdict> verdicts;
  std::string error;  // why total is unset: which partition, and what the broker said
};

// Updates the history with this sample.
Lag compute_lag(const GroupInput& input, History& history, const api::ConsumerScalerSpec& spec);

}  // namespace penstock::scaling
