// A small world of topics, commits and groups, to write samples by hand.
#pragma once
#include <penstock/scaling/decision.hpp>

#include <deque>
#include <map>

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
  struct Topic {
    std::string id = "a";
    std::vector<Reading> ends, starts, committed;
    std::vector<int> assigned, approximate;
    std::optional<Error> error;
    EndHistory history;
  };
  SteadyTime now{1h};
  GroupState group;
  std::optional<Error> error;  // of all commits
  std::map<std::string, Topic> topics;
  std::deque<Error> errors;
  GroupPast past;
  api::ConsumerScalerSpec spec = spec_of();

  World() { stable({}); }

  World& topic(const std::string& name, int partitions) {
    const auto count = static_cast<std::size_t>(partitions);
    Topic& topic = topics[name];
    topic.ends.resize(count);
    topic.starts.resize(count);
    topic.committed.resize(count);
    return *this;
  }
  World& at(int partition, std::int64_t start, std::int64_t end, std::optional<std::int64_t> committed,
            const std::string& topic = "orders") {
    const auto p = static_cast<std::size_t>(partition);
    topics.at(topic).starts.at(p) = Reading::of(start);
    topics.at(topic).ends.at(p) = Reading::of(end);
    topics.at(topic).committed.at(p) = Reading::of(committed.value_or(kNoCommit));
    return *this;
  }
  Reading fails(const std::string& what) { return Reading::failed(errors.emplace_back(broken(what))); }
  World& stable(std::map<std::string, std::vector<int>> assigned, const std::string& assignor = "cooperative-sticky") {
    group = {true, "Classic", "Stable", assignor, 1};
    for (auto& [name, topic] : topics) topic.assigned.clear();
    for (auto& [name, partitions] : assigned) topics[name].assigned = partitions;
    return *this;
  }
  World& state(const std::string& name) {
    group.state = name;
    group.members = 0;
    for (auto& [topic_name, topic] : topics) topic.assigned.clear();
    return *this;
  }
  Lag lag(Duration later = 1s) {
    now += later;
    std::vector<TopicInput> inputs;
    for (auto& [name, topic] : topics) {
      TopicInput& input = inputs.emplace_back();
      input.name = name;
      if (topic.error) {
        input.error = &*topic.error;
        continue;
      }
      topic.history.observe(topic.id, topic.ends, now);
      input.ends = topic.ends;
      input.starts = topic.starts;
      input.committed = topic.committed;
      input.assigned = topic.assigned;
      input.approximate = topic.approximate;
      input.history = &topic.history;
    }
    return compute_lag({now, error ? &*error : nullptr, group, inputs}, past, spec);
  }
};

// A known lag of one topic.
inline Lag lag_of(std::int64_t useful, int partitions = 100, const std::string& topic = "orders") {
  Lag lag;
  lag.total = lag.waiting = lag.useful = useful;
  lag.partitions = lag.largest_topic = partitions;
  lag.delay = api::Delay{};
  TopicLag& of = lag.topics.emplace_back();
  of.name = topic;
  of.partitions = of.known = partitions;
  of.lag = useful;
  return lag;
}

inline Lag unknown_lag(const std::string& error = "orders/3: no leader") {
  Lag lag;
  lag.error = error;
  return lag;
}

inline GroupState stable_group(const std::string& assignor = "cooperative-sticky") {
  return {true, "Classic", "Stable", assignor, 1};
}

// Decisions one after another, each with the memory of the one before.
struct Run {
  api::ConsumerScalerSpec spec = spec_of();
  GroupState group = stable_group();
  Workload workload;
  Memory memory;
  SteadyTime now{1h};

  Decision step(const Lag& lag, Duration later = 1s) {
    now += later;
    Decision decision = decide(lag, group, spec, workload, memory, now);
    memory = decision.memory;
    return decision;
  }
};

inline bool says(const Decision& decision, std::string_view words) {
  for (const auto& reason : decision.reasons)
    if (reason.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace penstock::scaling::testing
