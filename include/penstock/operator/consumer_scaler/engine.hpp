// Which engine moves the replicas, from what the cluster has: pure.
#pragma once
#include <penstock/api/consumer_scaler.hpp>

#include <optional>
#include <string>

namespace penstock::op::consumer_scaler {

// There is one APIService for external metrics in a cluster: v1beta1.external.metrics.k8s.io.
struct ExternalMetrics {
  bool present = false;
  bool ours = false, kedas = false;
  std::string service;  // namespace/name of who serves it
};

struct Facts {
  ExternalMetrics external_metrics;
  bool keda_resources = false;  // the ScaledObject kind is there
  bool tolerance = false;       // HPA has a tolerance for each rule
  bool keda_tolerance = false;  // and so has ScaledObject
  std::string keda_access{};    // why KEDA can't call penstock-scaler, empty when it can
};

// The APIService as JSON, or null; our_service: namespace/name.
ExternalMetrics external_metrics(const Json& api_service, const std::string& our_service);
// Whether this ScaledObject CRD knows behavior.scaleUp.tolerance.
bool has_tolerance(const Json& crd);

struct Choice {
  std::optional<api::Engine> engine;  // unset: reason says why not, and what to do
  std::string reason;
};

Choice choose_engine(api::Engine wanted, const Facts& facts);

}  // namespace penstock::op::consumer_scaler
