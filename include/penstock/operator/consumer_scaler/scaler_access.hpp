// How others reach penstock-scaler: the certificates of it and its callers; the APIService of external metrics, there
// while a ConsumerScaler uses the Native engine; and for KEDA, where it is, a ClusterTriggerAuthentication with a copy
// of the callers' certificate.
#pragma once
#include <penstock/k8s/client.hpp>
#include <penstock/operator/action.hpp>
#include <penstock/operator/consumer_scaler/certificates.hpp>
#include <penstock/operator/consumer_scaler/cluster_facts.hpp>
#include <penstock/operator/consumer_scaler/plan.hpp>
#include <penstock/operator/sources.hpp>
#include <penstock/runtime/controller.hpp>

namespace penstock::op::consumer_scaler {

inline constexpr std::string_view kAuthoritySecret = "penstock-scaler-ca";

struct ScalerService {
  std::string ns, name;
  int port = 443;
  std::string cluster_role = "penstock-operator";  // goes when Penstock is uninstalled, and takes the APIService along
  // DNS names and IP addresses by which KEDA and the API server come to it, besides those that the Service has.
  std::vector<std::string> more_names{};

  std::vector<std::string> names() const;
};

// The Secrets of the release namespace that are not as they should be. Pure; live: by name, as the server has them.
// kConflict when one of them is somebody else's.
Result<std::vector<Action>> plan_certificates(const Certificates& wanted, const std::map<std::string, Json>& live,
                                              const std::string& ns);

// The APIService's actions: made when needed and nobody has it, kept as it should be, removed when ours is not needed.
// Owned by the role, so that none is left behind that nobody answers for: it would make discovery fail for the whole
// cluster. Pure; api_service, role: null when there is none.
std::vector<Action> plan_api_service(bool needed, const Json& api_service, const Facts& facts,
                                     const ScalerService& service, const std::string& authorities, const Json& role);

// A Secret in KEDA's namespace and a ClusterTriggerAuthentication that points to it. Pure; null: there is none.
// kConflict when one of them is somebody else's.
Result<std::vector<Action>> plan_keda(const api::TlsSecret& caller, const Json& secret, const Json& authentication,
                                      const std::string& keda_namespace);

class ScalerAccess {
 public:
  static constexpr std::string_view kFieldManager = "penstock-scaler-access";
  // The only key of this controller.
  static k8s::ObjectKey key() { return {"", "penstock-scaler"}; }

  ScalerAccess(const Stores& stores, ClusterFacts& facts, k8s::Client client, ScalerService service,
               std::string keda_namespace, const Clock& clock);
  Result<runtime::Outcome> operator()(const k8s::ObjectKey& key, runtime::ReconcileContext& context);

 private:
  Result<Certificates> certificates(runtime::ReconcileContext& context);
  Result<void> let_keda_in(const api::TlsSecret& caller, runtime::ReconcileContext& context);
  Result<void> act(const std::vector<Action>& actions, runtime::ReconcileContext& context);
  bool native_needed() const;

  const Stores& stores_;
  ClusterFacts& facts_;
  k8s::Client client_;
  ScalerService service_;
  std::string keda_namespace_;
  const Clock& clock_;
};

}  // namespace penstock::op::consumer_scaler
