// All reads of a ConsumerScaler's reconcile: the stores, the decision feed, and /scale when no HPA can tell.
#pragma once
#include <penstock/k8s/client.hpp>
#include <penstock/operator/consumer_scaler/feed.hpp>
#include <penstock/operator/consumer_scaler/plan.hpp>
#include <penstock/operator/consumer_scaler/target_index.hpp>
#include <penstock/operator/sources.hpp>
#include <penstock/scaling/behavior.hpp>

#include <functional>
#include <mutex>
#include <stop_token>

namespace penstock::op::consumer_scaler {

k8s::ObjectKey platform_of(const api::ConsumerScaler& scaler);

// What was last seen of a target's replicas. The HPA tells when its own number changes; at 0, without one, and when
// something is to be done about it, /scale itself is read.
class ReplicaSight {
 public:
  struct Seen {
    std::optional<int> replicas, by_autoscaler;
    SteadyTime at{};
    scaling::BehaviorPast past;  // Direct: what was recommended and done
  };
  Seen get(const k8s::ObjectKey& key) const;
  void put(const k8s::ObjectKey& key, const Seen& seen);
  void forget(const k8s::ObjectKey& key);

 private:
  mutable std::mutex mutex_;
  std::map<k8s::ObjectKey, Seen> seen_;
};

// Whether /scale must be read, for this scaler with this memory of it. Pure.
bool must_read_scale(const Observed& observed, const ReplicaSight::Seen& seen, SteadyTime now);

struct Eyes {
  const Stores& stores;
  const TargetIndex& targets;
  const k8s::Client& client;
  const Clock& clock;
  std::function<Facts()> facts;
  std::function<Decisions::Heard(const k8s::ObjectKey&)> decision;
  std::function<std::string()> feed_problem;
};

Result<Observed> observe(const api::ConsumerScaler& scaler, const Eyes& eyes, ReplicaSight& sight,
                         std::stop_token stop);

}  // namespace penstock::op::consumer_scaler
