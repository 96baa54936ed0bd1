#include <penstock/operator/platform/parts.hpp>

namespace penstock::op::platform {
namespace {

// Paused, or only to be planned: what is observed is told, nothing is done. A cluster that is not pinned yet can't be
// pinned without a write, so it is not published either.
PlatformPlan hold_back(PlatformPlan plan, const Observed& observed) {
  const api::EventPlatformStatus& before = observed.platform.status;
  if (observed.platform.meta.flag(api::annotations::kPlanOnly)) plan.status.plan = lines(plan);
  plan.actions.clear();
  plan.look_again = start(observed).look_again;  // nothing is waited for that was only planned
  plan.publish = plan.publish && !before.cluster_id.empty();
  plan.status.cluster_id = before.cluster_id;
  plan.status.directory_ids = before.directory_ids;
  plan.status.accounts = before.accounts;
  return plan;
}

}  // namespace

PlatformPlan plan(const Observed& observed, WallTime now) {
  const api::EventPlatform& platform = observed.platform;
  if (platform.meta.deleted) return plan_deletion(observed);
  PlatformPlan made = platform.spec.kafka ? plan_managed(observed, now) : plan_external(observed, now);
  const bool held = platform.meta.flag(api::annotations::kPaused) || platform.meta.flag(api::annotations::kPlanOnly);
  return held ? hold_back(std::move(made), observed) : made;
}

// Kubernetes collects the children by their owner; only what lies in another namespace is ours to remove.
PlatformPlan plan_deletion(const Observed& observed) {
  PlatformPlan plan = start(observed);
  plan.look_again.reset();
  if (!observed.platform.meta.has_finalizer()) return plan;
  hide_from_scaler(plan, observed, "its EventPlatform is being deleted");
  const api::Meta& meta = observed.platform.meta;
  Json left = Json::array();
  for (const auto& finalizer : meta.finalizers)
    if (finalizer != api::kFinalizer) left.push_back(finalizer);
  plan.actions.push_back(
      PatchObject{k8s::kinds::kEventPlatform,
                  {meta.ns, meta.name},
                  {{"metadata", {{"uid", meta.uid}, {"resourceVersion", meta.resource_version}, {"finalizers", left}}}},
                  "nothing of it is left outside its namespace"});
  return plan;
}

}  // namespace penstock::op::platform
