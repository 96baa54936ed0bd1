// A small world of topics, commits and groups, to write samples by hand.
#pragma once
#include <penstock/scaling/decision.hpp>

namespace penstock::scaling::testing {

inline api::ConsumerScalerSpec spec_of(std::int64_t threshold = 1000, int min = 0, std::optional<int> max = {}) {
  api::ConsumerScalerSpec spec;
  spec.consumer_group = "orders";
  spec.topics = {"orders"};
  spec.lag_threshold = threshold;
  spec.min_replicas = min;
  spec.max_replicas = max;
  return spec;
}

inline Error broken(const std::string& what) {
  return {Code::kUnavailable, what, Retry::later()};
}

struct World {
  SteadyTime now{1h};
  GroupInput input;
  History history;
  api::ConsumerScalerSpec spec = spec_of();

  World() { stable({}); }

  World& topic(const std::string& name, int partitions) {
    input.topics.insert_or_assign(name, partitions);
    return *this;
  }
  World& at(int partition, std::int64_t start, std::int64_t end, std::optional<std::int64_t> committed,
            const std::string& topic = "orders") {
    input.partitions.insert_or_assign(TopicPartition{topic, partition}, PartitionInput{end, start, committed});
    return *this;
  }
  World& stable(std::set<TopicPartition> assigned, const std::string& assignor = "cooperative-sticky") {
    input.group = {true, "Classic", "Stable", assignor, static_cast<int>(assigned.size()), std::move(assigned)};
    return *this;
  }
  World& state(const std::string& name) {
    input.group.state = name;
    input.group.members = 0;
    input.group.assigned.clear();
    return *this;
  }
  Lag lag(Duration later = 1s) {
    now += later;
    input.taken = now;
    return compute_lag(input, history, spec);
  }
};

// A known lag of one topic.
inline Lag lag_of(std::int64_t useful, int partitions = 100, const std::string& topic = "orders") {
  Lag lag;
  lag.total = lag.useful = useful;
  lag.partitions = lag.largest_topic = partitions;
  lag.delay = 0ms;
  lag.by_partition[{topic, 0}].lag = useful;
  return lag;
}

inline Lag unknown_lag(const std::string& error = "orders/3: no leader") {
  Lag lag;
  lag.error = error;
  return lag;
}

inline GroupState stable_group(const std::string& assignor = "cooperative-sticky") {
  return {true, "Classic", "Stable", assignor, 1, {}};
}

inline bool says(const Decision& decision, std::string_view words) {
  for (const auto& reason : decision.reasons)
    if (reason.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace penstock::scaling::testing
