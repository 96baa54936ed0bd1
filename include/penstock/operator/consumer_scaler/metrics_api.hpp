// The external metrics API of the cluster, served by penstock-scaler: the APIService, there while a ConsumerScaler uses
// the Native engine, and the certificate that both sides need.
#pragma once
#include <penstock/k8s/client.hpp>
#include <penstock/operator/action.hpp>
#include <penstock/operator/consumer_scaler/cluster_facts.hpp>
#include <penstock/operator/sources.hpp>
#include <penstock/runtime/controller.hpp>

namespace penstock::op::consumer_scaler {

inline constexpr const char* kCertificateSecret = "penstock-metrics-tls";  // tls.crt, tls.key, ca.crt
inline constexpr Duration kCertificateValidity = 365 * 24h;
inline constexpr Duration kRenewBefore = 30 * 24h;

struct MetricsService {
  std::string ns, name;
  int port = 443;
};

struct ServingCertificate {
  std::string certificate, key, authorities;  // PEM; the newest authority first
};

// Whether a serving certificate is missing, soon over, or of another service. Pure.
bool needs_certificate(const std::optional<ServingCertificate>& have, const MetricsService& service, WallTime now);
// A new authority and a leaf; the authority before it stays trusted while servers still show its leaf.
Result<ServingCertificate> make_certificate(const std::optional<ServingCertificate>& have,
                                            const MetricsService& service, WallTime now);

// The APIService's actions: made when needed and nobody has it, kept as it should be, removed when ours is not needed.
// Pure; api_service: null when there is none.
std::vector<Action> plan_api_service(bool needed, const Json& api_service, const Facts& facts,
                                     const MetricsService& service, const std::string& authorities);

class MetricsApi {
 public:
  static constexpr std::string_view kFieldManager = "penstock-metrics-api";
  // The only key of this controller.
  static k8s::ObjectKey key() { return {"", kApiServiceName}; }

  MetricsApi(const Stores& stores, const ClusterFacts& facts, k8s::Client client, MetricsService service,
             const Clock& clock);
  Result<runtime::Outcome> operator()(const k8s::ObjectKey& key, runtime::ReconcileContext& context);

 private:
  Result<ServingCertificate> certificate(runtime::ReconcileContext& context);
  Result<void> act(const std::vector<Action>& actions, runtime::ReconcileContext& context);
  bool needed() const;

  const Stores& stores_;
  const ClusterFacts& facts_;
  k8s::Client client_;
  MetricsService service_;
  const Clock& clock_;
};

}  // namespace penstock::op::consumer_scaler
