// A Topic and what is seen of it, for tests of the plan.
#pragma once
#include <penstock/operator/topic/plan.hpp>

namespace penstock::op::topic {

inline const WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

inline api::Topic orders() {
  api::Topic topic;
  topic.meta.name = "orders";
  topic.meta.ns = "shop";
  topic.meta.uid = "uid-orders";
  topic.meta.resource_version = "7";
  topic.meta.generation = 1;
  topic.spec.platform.name = "main";
  topic.spec.partitions = 12;
  topic.spec.config = {{"retention.ms", "604800000"}};
  return topic;
}

inline kafka::TopicInfo info(const std::string& id, int partitions, int replicas = 3, int in_sync = 3) {
  kafka::TopicInfo out{"orders", id, {}};
  for (int p = 0; p < partitions; ++p) {
    kafka::PartitionInfo partition{p, 0, {}, {}};
    for (int r = 0; r < replicas; ++r) partition.replicas.push_back(r);
    for (int r = 0; r < in_sync; ++r) partition.in_sync_replicas.push_back(r);
    out.partitions.push_back(std::move(partition));
  }
  return out;
}

inline kafka::ConfigEntry set_on_topic(const std::string& key, const std::string& value) {
  return {key, value, kafka::ConfigEntry::Source::kTopic};
}

// The Topic as it is when all is well.
inline Observed settled() {
  Observed out;
  out.topic = orders();
  out.topic.status.topic_id = "id-1";
  out.topic.status.owned_config_keys = {"retention.ms"};
  out.topic.status.conditions.set("Created", api::ConditionStatus::kTrue, "Created", "", 1, kNow);
  out.platform = PlatformState::kReady;
  out.has_acls = true;
  out.actual = info("id-1", 12);
  out.config = {set_on_topic("retention.ms", "604800000")};
  return out;
}

inline Observed fresh() {
  Observed out;
  out.topic = orders();
  out.platform = PlatformState::kReady;
  out.has_acls = true;
  return out;
}

inline const api::Condition& condition(const Plan<api::TopicStatus>& plan, const char* type) {
  static const api::Condition kNone;
  const api::Condition* found = plan.status.conditions.find(type);
  return found ? *found : kNone;
}

inline std::vector<std::string> reasons_of_events(const Plan<api::TopicStatus>& plan) {
  std::vector<std::string> out;
  for (const Action& action : plan.actions)
    if (const auto* event = std::get_if<EmitEvent>(&action)) out.push_back(event->reason);
  return out;
}

}  // namespace penstock::op::topic
