// What the operator is about to do, as values: each action names its object, what it changes and why, and prints
// itself. The same text is logged, shown in status.plan and compared in tests.
#pragma once
#include <penstock/base/json.hpp>
#include <penstock/base/time.hpp>
#include <penstock/k8s/resource.hpp>
#include <penstock/kafka/types.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::op {

// Kubernetes. A first creation is a POST (an object of that name that is not ours is a conflict, never overwritten); a
// change is a merge patch that carries the uid of the object that was observed.
struct CreateObject {
  k8s::Resource resource;
  Json object;
  std::string why;
};
struct PatchObject {
  k8s::Resource resource;
  k8s::ObjectKey key;
  Json merge_patch;  // with metadata.uid
  std::string why;
};
struct DeleteObject {
  k8s::Resource resource;
  k8s::ObjectKey key;
  std::string uid;
  std::string why;
};
struct SetScale {
  k8s::Resource resource;
  k8s::ObjectKey key;
  int from = 0, to = 0;
  std::string why;
};
// status written before the actions that follow it, because these must not happen unrecorded (ledgers, pinned ids).
struct RecordStatus {
  k8s::Resource resource;
  Json object;  // apiVersion, kind, metadata.{name,namespace,uid}, status
  std::string why;
};

// Kafka.
struct CreateTopic {
  kafka::NewTopic topic;
  std::string why;
};
struct GrowPartitions {
  std::string topic;
  int from = 0, to = 0;
  std::string why;
};
struct AlterTopicConfig {
  kafka::TopicConfigChange change;
  std::string why;
};
struct AlterBrokerConfig {
  int broker = 0;
  std::map<std::string, std::string> set;
  std::string why;
};
struct DeleteTopic {
  std::string topic, topic_id;
  std::string why;
};
struct CreateAcls {
  std::vector<kafka::AclBinding> bindings;
  std::string why;
};
struct DeleteAcls {
  std::vector<kafka::AclBinding> bindings;
  std::string why;
};

struct AlterScramUsers {
  std::vector<kafka::ScramChange> changes;
  std::string why;
};

// Something a person should be told, about the object being reconciled.
struct EmitEvent {
  bool warning = false;
  std::string reason, action, note;
};

using Action =
    std::variant<CreateObject, PatchObject, DeleteObject, SetScale, RecordStatus, CreateTopic, GrowPartitions,
                 AlterTopicConfig, AlterBrokerConfig, DeleteTopic, CreateAcls, DeleteAcls, AlterScramUsers, EmitEvent>;

// "create StatefulSet kafka/main-pool: the node pool has none yet". Never prints a Secret's data or a password.
std::string to_string(const Action& action);
// Whether a person's workload or data can notice.
bool disrupts(const Action& action);

// What a reconcile wants: the actions in order, the status that the observed world deserves, when to look again.
template <class Status>
struct Plan {
  std::vector<Action> actions;
  Status status;
  std::optional<Duration> look_again;
};

template <class Status>
std::vector<std::string> lines(const Plan<Status>& plan) {
  std::vector<std::string> out;
  for (const Action& action : plan.actions) out.push_back(to_string(action));
  return out;
}

}  // namespace penstock::op
