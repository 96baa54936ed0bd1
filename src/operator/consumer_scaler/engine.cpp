#include <penstock/operator/consumer_scaler/engine.hpp>
#include <penstock/operator/sources.hpp>

namespace penstock::op::consumer_scaler {
namespace {

Choice native(const Facts& facts, const std::string& reason) {
  const ExternalMetrics& api = facts.external_metrics;
  if (api.present && !api.ours)
    return {std::nullopt, "external.metrics.k8s.io is served by " + api.service +
                              ", and a cluster has it only once; set `engine: " + (api.kedas ? "Keda" : "Direct") +
                              "`, or remove that APIService"};
  return {api::Engine::kNative, reason};
}

Choice keda(const Facts& facts, const std::string& reason) {
  if (!facts.keda_resources)
    return {std::nullopt, "KEDA is not installed: there is no ScaledObject kind; install KEDA, or set `engine: Auto`"};
  return {api::Engine::kKeda, reason};
}

}  // namespace

ExternalMetrics external_metrics(const Json& api_service, const std::string& our_service) {
  ExternalMetrics out;
  if (!api_service.is_object()) return out;
  const Json metadata = api_service.value("metadata", Json::object());
  const Json spec = api_service.value("spec", Json::object());
  const Json service = spec.value("service", Json());
  out.present = true;
  // Without a service the API server would serve it itself, as it does for a CRD.
  if (service.is_object()) out.service = service.value("namespace", "") + "/" + service.value("name", "");
  const Json labels = metadata.value("labels", Json::object());
  out.ours = labels.value(std::string(kManagedBy), "") == "penstock" && out.service == our_service;
  out.kedas = !out.ours && (out.service.find("keda") != std::string::npos ||
                            labels.value("app.kubernetes.io/part-of", "").starts_with("keda"));
  return out;
}

bool has_tolerance(const Json& crd) {
  static const Json::json_pointer kPath(
      "/schema/openAPIV3Schema/properties/spec/properties/advanced/properties/horizontalPodAutoscalerConfig/properties/"
      "behavior/properties/scaleUp/properties/tolerance");
  if (!crd.is_object()) return false;
  const Json versions = crd.value("spec", Json::object()).value("versions", Json::array());
  for (const Json& version : versions)
    if (version.value("storage", false)) return version.contains(kPath);
  return false;
}

Choice choose_engine(api::Engine wanted, const Facts& facts) {
  switch (wanted) {
    case api::Engine::kAuto:
      if (facts.keda_resources && facts.external_metrics.kedas) return keda(facts, "Auto: KEDA is installed");
      if (facts.external_metrics.present && !facts.external_metrics.ours)
        return {api::Engine::kDirect, "Auto: external.metrics.k8s.io is served by " + facts.external_metrics.service};
      return native(facts, facts.keda_resources ? "Auto: KEDA's resources are there, but KEDA does not serve metrics"
                                                : "Auto: KEDA is not installed");
    case api::Engine::kNative:
      return native(facts, "the spec asks for it");
    case api::Engine::kKeda:
      return keda(facts, "the spec asks for it");
    case api::Engine::kDirect:
      return {api::Engine::kDirect, "the spec asks for it"};
  }
  return {std::nullopt, "unknown engine"};
}

}  // namespace penstock::op::consumer_scaler
