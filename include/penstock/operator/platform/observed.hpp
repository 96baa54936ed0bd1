// What a plan for an EventPlatform is made from: everything that was read, as one value.
#pragma once
#include <penstock/api/event_platform.hpp>
#include <penstock/kafka/platform_view.hpp>
#include <penstock/kafka/types.hpp>
#include <penstock/operator/platform/reconciler.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace penstock::op::platform {

// What the cluster behind the platform said.
struct Answer {
  std::string cluster_id;
  int brokers = 0;
  std::vector<std::string> capabilities;  // sorted
};

// The platform's children by name, as they are. Objects of these names that are not the platform's are among them.
struct Children {
  std::map<std::string, Json> stateful_sets, services, config_maps, disruption_budgets, volume_claims, pods;
};

struct Observed {
  api::EventPlatform platform;
  Settings settings;
  // How to reach the cluster: an error when a Secret that it needs is missing or wrong.
  Result<kafka::Connection> connection = std::unexpected(Error{Code::kUnavailable, "not looked at", Retry::later()});
  Result<Answer> answer = std::unexpected(Error{Code::kUnavailable, "not asked", Retry::later()});
  std::vector<kafka::PlatformView::Allowed> allowed;  // for each namespace that exists and a rule that selects it
  std::optional<Json> view;                           // the Secret for the scaler
  Children children;                                  // of a platform that we run
};

}  // namespace penstock::op::platform
