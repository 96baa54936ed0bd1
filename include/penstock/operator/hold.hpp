// The annotations that keep the operator's hands off: penstock.dev/paused and penstock.dev/plan-only.
#pragma once
#include <penstock/api/meta.hpp>
#include <penstock/operator/action.hpp>
#include <penstock/operator/status_writer.hpp>

namespace penstock::op {

inline bool hands_off(const api::Meta& meta) {
  return meta.flag(api::annotations::kPaused) || meta.flag(api::annotations::kPlanOnly);
}

// The actions that change something in the world, as text.
std::vector<std::string> changes(const std::vector<Action>& actions);

// Puts what would be done into status.plan and says so in Ready; empties the actions.
template <class Status>
void hold(Plan<Status>& plan, const api::Meta& meta, WallTime now) {
  plan.status.plan = changes(plan.actions);
  plan.actions.clear();
  if (plan.status.plan.empty()) return;
  const bool paused = meta.flag(api::annotations::kPaused);
  set_ready(plan.status.conditions, meta.generation, now, api::ConditionStatus::kFalse, paused ? "Paused" : "PlanOnly",
            std::string("see status.plan for what would be done; remove the annotation ") +
                std::string(paused ? api::annotations::kPaused : api::annotations::kPlanOnly) + " to have it done",
            true);
}

}  // namespace penstock::op
