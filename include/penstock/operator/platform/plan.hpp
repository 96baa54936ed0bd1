// What an EventPlatform needs, given what was observed. Pure.
#pragma once
#include <penstock/operator/action.hpp>
#include <penstock/operator/platform/observed.hpp>

#include <string>

namespace penstock::op::platform {

struct PlatformPlan : Plan<api::EventPlatformStatus> {
  bool publish = false;    // once the actions are done, other controllers may write to the cluster; else they may not
  bool unsettled = false;  // brokers are not ready
  bool back_off = false;   // something is in the way that time may remove: look again soon, then less and less often
};

// Chooses among those below, and keeps the actions back while the platform is paused or only to be planned.
PlatformPlan plan(const Observed& observed, WallTime now);

PlatformPlan plan_external(const Observed& observed, WallTime now);
PlatformPlan plan_managed(const Observed& observed, WallTime now);
PlatformPlan plan_deletion(const Observed& observed);

}  // namespace penstock::op::platform
