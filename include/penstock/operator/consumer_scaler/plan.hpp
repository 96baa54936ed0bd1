// What a ConsumerScaler needs done, from what was seen: pure. The scaler decides how many replicas; here it is decided
// what that means for the HPA or the ScaledObject, for 0 ↔ 1, and for what the status says.
#pragma once
#include <penstock/api/consumer_scaler.hpp>
#include <penstock/operator/action.hpp>
#include <penstock/operator/consumer_scaler/engine.hpp>
#include <penstock/v1/decision_feed.pb.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::op::consumer_scaler {

using Decision = penstock::v1::Decision;

inline constexpr Duration kFeedSilence = 30s;    // the feed repeats each decision every 10 s
inline constexpr Duration kScaleCheck = 15s;     // /scale is read this often where no HPA tells
inline constexpr Duration kRuleCheck = 1s;       // rules that held Direct back are looked at again
inline constexpr Duration kConflictCheck = 30s;  // has the owner gone?
inline constexpr Duration kNumbersEvery = 30s;   // numbers alone are written this often at most
inline constexpr std::size_t kLongestName = 63;  // it is the value of a label in the metric's selector
inline constexpr std::string_view kMetricName = "penstock-lag";
inline constexpr std::string_view kTargetLabel = "penstock.dev/target";
inline constexpr std::string_view kKedaAuthentication =
    "penstock";  // the ClusterTriggerAuthentication of scaler_access

struct Settings {
  std::string keda_scaler_address;  // what KEDA dials: host:port
};

struct Observed {
  api::ConsumerScaler scaler;
  std::string platform_problem;  // empty: its platform is there
  std::optional<std::string> denied;
  Facts facts;

  std::shared_ptr<const Decision> decision;  // the last one heard
  Duration silence{};                        // since it was heard; without one: since anything was heard
  std::string feed_problem;                  // why the scaler can't be heard, empty when it can

  std::optional<Json> autoscaler, scaled_object;  // of the ConsumerScaler's name
  std::vector<std::string> rivals;                // others that scale the same target: "HorizontalPodAutoscaler mine"
  std::string owner;                              // namespace/name of an older ConsumerScaler on the same target

  std::optional<k8s::Resource> target;
  std::optional<int> replicas;
  std::optional<int> allowed;  // Direct: replicas that the rules of `behavior` allow now on the way to the decision
  std::string target_problem;  // why it can't be scaled, empty when it can
};

Plan<api::ConsumerScalerStatus> plan(const Observed& observed, const Settings& settings, WallTime now);

// Whether the API server should hear of this status now, `since` after the last one: at once when a decision, a
// condition or the replicas changed; numbers alone at most every 30 s and when they moved by more than a tenth.
bool worth_writing(const api::ConsumerScalerStatus& was, const api::ConsumerScalerStatus& is, Duration since);

}  // namespace penstock::op::consumer_scaler
