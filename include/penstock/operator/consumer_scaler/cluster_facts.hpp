// What the cluster has for scaling: the external metrics API, KEDA's resources, tolerance in HPA. Kept current by
// watches on two single objects. Any thread.
#pragma once
#include <penstock/k8s/client.hpp>
#include <penstock/k8s/store.hpp>
#include <penstock/operator/consumer_scaler/engine.hpp>

#include <functional>
#include <mutex>
#include <string>

namespace penstock::op::consumer_scaler {

inline constexpr const char* kApiServiceName = "v1beta1.external.metrics.k8s.io";
inline constexpr const char* kScaledObjectCrd = "scaledobjects.keda.sh";

class ClusterFacts {
 public:
  // changed: called when an answer of get() has changed. our_service: namespace/name.
  ClusterFacts(std::string our_service, std::function<void()> changed);

  // The stores that two informers fill, each selected by metadata.name.
  k8s::Store<Json>& api_services() { return api_services_; }
  k8s::Store<Json>& definitions() { return definitions_; }

  bool synced() const { return api_services_.synced() && definitions_.synced(); }
  void set_tolerance(bool there);
  void set_keda_access(const std::string& problem);
  Facts get() const;
  // The APIService, or null.
  Json api_service() const;

 private:
  void look();

  std::string our_service_;
  std::function<void()> changed_;
  k8s::Store<Json> api_services_, definitions_;
  mutable std::mutex mutex_;
  Facts facts_;
};

// Whether this API server keeps behavior.scaleUp.tolerance of an HPA: a dry run, nothing is made.
Result<bool> probe_tolerance(const k8s::Client& client, const std::string& ns, std::stop_token stop);

}  // namespace penstock::op::consumer_scaler
