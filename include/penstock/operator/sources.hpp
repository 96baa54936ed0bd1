// What the operator sees: stores kept current by watches. One owner (main), read by the controllers' observe().
#pragma once
#include <penstock/api/consumer_scaler.hpp>
#include <penstock/api/event_platform.hpp>
#include <penstock/api/tls_secret.hpp>
#include <penstock/api/topic.hpp>
#include <penstock/k8s/informer.hpp>
#include <penstock/k8s/store.hpp>

#include <memory>
#include <string>
#include <vector>

namespace penstock::op {

// Every object that the operator makes carries these labels; children are watched by the first.
inline constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";     // "penstock"
inline constexpr std::string_view kPlatformLabel = "penstock.dev/platform";        // name of the EventPlatform
inline constexpr std::string_view kScalerLabel = "penstock.dev/scaler";            // name of the ConsumerScaler
inline constexpr std::string_view kCertificateLabel = "penstock.dev/certificate";  // "true": of scaler_access

struct Stores {
  k8s::Store<api::EventPlatform> platforms{api::parse_event_platform};
  k8s::Store<api::Topic> topics{api::parse_topic};
  k8s::Store<api::ConsumerScaler> scalers{api::parse_consumer_scaler};
  // Our own children, as JSON: managed-by=penstock only.
  static Result<Json> as_is(const Json& object) { return object; }
  k8s::Store<Json> stateful_sets{as_is}, pods{as_is}, services{as_is}, config_maps{as_is}, disruption_budgets{as_is},
      volume_claims{as_is};
  k8s::Store<api::TlsSecret> certificates{api::parse_tls_secret};
  // All of them: whose are not ours matter too.
  k8s::Store<Json> autoscalers{as_is}, scaled_objects{as_is}, namespaces{as_is};

  bool synced(bool keda) const;  // scaled_objects count only where KEDA's CRD is there
};

}  // namespace penstock::op
