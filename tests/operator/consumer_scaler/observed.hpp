// A ConsumerScaler and what is seen of it, for tests of the plan.
#pragma once
#include <penstock/operator/consumer_scaler/plan.hpp>

namespace penstock::op::consumer_scaler {

inline const WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

inline api::ConsumerScaler orders() {
  api::ConsumerScaler scaler;
  scaler.meta.name = "orders";
  scaler.meta.ns = "shop";
  scaler.meta.uid = "uid-orders";
  scaler.meta.generation = 1;
  scaler.spec.platform.name = "main";
  scaler.spec.target = {"apps/v1", "Deployment", "consumer"};
  scaler.spec.consumer_group = "orders";
  scaler.spec.topics = {"orders"};
  scaler.spec.lag_threshold = 1000;
  scaler.spec.min_replicas = 0;
  return scaler;
}

// 12,000 records of lag over 12 partitions.
inline Decision decision(int desired = 12, std::int64_t lag = 12000) {
  Decision d;
  d.set_namespace_("shop");
  d.set_name("orders");
  d.set_uid("uid-orders");
  d.set_generation(1);
  d.set_known(true);
  d.set_desired(desired);
  d.set_active(desired > 0);
  d.set_lag_known(true);
  d.set_lag(lag);
  d.set_partitions(12);
  d.set_cap(12);
  d.add_reasons("lag " + std::to_string(lag) + " needs " + std::to_string(desired));
  return d;
}

inline std::shared_ptr<const Decision> shared(Decision d) {
  return std::make_shared<const Decision>(std::move(d));
}

// Native, decided, and no HPA yet.
inline Observed fresh() {
  Observed out;
  out.scaler = orders();
  out.facts.external_metrics = {true, true, false, "penstock/penstock-scaler"};
  out.facts.tolerance = true;
  out.decision = shared(decision());
  out.replicas = 1;
  out.target = k8s::Resource{"apps", "v1", "deployments", "Deployment"};
  return out;
}

inline std::optional<Json> made(const Plan<api::ConsumerScalerStatus>& plan) {
  for (const Action& action : plan.actions)
    if (const auto* create = std::get_if<CreateObject>(&action)) return create->object;
  return std::nullopt;
}

// With what the plan would make, as the API server has it afterwards.
inline Observed settled(Observed o = fresh()) {
  const auto first = plan(o, {"scaler:9443"}, kNow);
  Json object = made(first).value();
  object["metadata"]["uid"] = "uid-child";
  (object["kind"] == "ScaledObject" ? o.scaled_object : o.autoscaler) = std::move(object);
  o.scaler.status = first.status;
  return o;
}

inline Plan<api::ConsumerScalerStatus> plan_of(const Observed& o) {
  return plan(o, {"scaler:9443"}, kNow);
}

inline const api::Condition& condition(const Plan<api::ConsumerScalerStatus>& plan, const char* type) {
  static const api::Condition kNone;
  const api::Condition* found = plan.status.conditions.find(type);
  return found ? *found : kNone;
}

}  // namespace penstock::op::consumer_scaler
