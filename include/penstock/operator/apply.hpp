// The one place where the operator writes.
#pragma once
#include <penstock/k8s/client.hpp>
#include <penstock/k8s/events.hpp>
#include <penstock/kafka/cluster.hpp>
#include <penstock/operator/action.hpp>

#include <memory>
#include <stop_token>

namespace penstock::op {

struct Sinks {
  const k8s::Client* client = nullptr;
  std::shared_ptr<kafka::Cluster> cluster;  // empty: the plan has no Kafka actions
  k8s::EventRecorder* events = nullptr;
  Json regarding;                        // what events are about
  std::string field_manager;             // one for each controller
  std::string controller, reconcile_id;  // for the log
};

// Does the actions in order and stops at the first refusal, whose error names the action. Each action is logged before
// it is done. "Already exists" counts as done where the result is what was wanted; a deletion of what is gone counts as
// done.
Result<void> apply(const std::vector<Action>& actions, const Sinks& sinks, std::stop_token stop);

}  // namespace penstock::op
