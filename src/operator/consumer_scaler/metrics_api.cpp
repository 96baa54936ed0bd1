#include <penstock/base/base64.hpp>
#include <penstock/operator/apply.hpp>
#include <penstock/operator/consumer_scaler/metrics_api.hpp>
#include <penstock/operator/difference.hpp>
#include <penstock/pki/certificates.hpp>

namespace penstock::op::consumer_scaler {
namespace {

constexpr Duration kCertificateCheck = 1h;

std::string dns_name(const MetricsService& service) {
  return service.name + "." + service.ns + ".svc";
}

std::optional<ServingCertificate> read_secret(const Json& secret) {
  const Json data = secret.value("data", Json::object());
  const auto text = [&](const char* name) { return decode_base64(data.value(name, "")).value_or(""); };
  ServingCertificate out{text("tls.crt"), text("tls.key"), text("ca.crt")};
  if (out.certificate.empty() || out.key.empty() || out.authorities.empty()) return std::nullopt;
  return out;
}

Json secret_data(const ServingCertificate& certificate) {
  return {{"tls.crt", encode_base64(certificate.certificate)},
          {"tls.key", encode_base64(certificate.key)},
          {"ca.crt", encode_base64(certificate.authorities)}};
}

// The first PEM block of a text that may hold several.
std::string first_certificate(const std::string& pem) {
  static constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  const auto end = pem.find(kEnd);
  return end == std::string::npos ? std::string() : pem.substr(0, end + kEnd.size()) + "\n";
}

}  // namespace

bool needs_certificate(const std::optional<ServingCertificate>& have, const MetricsService& service, WallTime now) {
  if (!have || pki::needs_renewal(have->certificate, now, kRenewBefore)) return true;
  const auto leaf = pki::inspect(have->certificate);
  return !leaf || std::ranges::find(leaf->dns_names, dns_name(service)) == leaf->dns_names.end();
}

Result<ServingCertificate> make_certificate(const std::optional<ServingCertificate>& have,
                                            const MetricsService& service, WallTime now) {
  const auto authority = pki::make_authority("penstock-metrics-ca", now, kCertificateValidity);
  if (!authority) return fail("making an authority for the metrics API", authority.error());
  pki::LeafSpec leaf;
  leaf.common_name = service.name.substr(0, 64);
  leaf.dns_names = {dns_name(service), dns_name(service) + ".cluster.local", service.name + "." + service.ns};
  leaf.server = true;
  const auto made = pki::make_leaf(*authority, leaf, now, kCertificateValidity);
  if (!made) return fail("making a certificate for the metrics API", made.error());
  std::string authorities = authority->certificate;
  if (have) authorities += first_certificate(have->authorities);
  return ServingCertificate{made->certificate, made->key, std::move(authorities)};
}

std::vector<Action> plan_api_service(bool needed, const Json& api_service, const Facts& facts,
                                     const MetricsService& service, const std::string& authorities) {
  const k8s::ObjectKey key{"", kApiServiceName};
  const bool there = api_service.is_object();
  if (!needed) {
    if (!there || !facts.external_metrics.ours) return {};
    return {DeleteObject{k8s::kinds::kApiService, key, api_service["metadata"].value("uid", ""),
                         "no ConsumerScaler uses the Native engine"}};
  }
  if (there && !facts.external_metrics.ours) return {};
  Json wanted = {{"metadata", {{"name", kApiServiceName}, {"labels", {{kManagedBy, "penstock"}}}}},
                 {"spec",
                  {{"group", "external.metrics.k8s.io"},
                   {"version", "v1beta1"},
                   {"groupPriorityMinimum", 100},
                   {"versionPriority", 100},
                   {"caBundle", encode_base64(authorities)},
                   {"service", {{"namespace", service.ns}, {"name", service.name}, {"port", service.port}}}}}};
  if (!there)
    return {CreateObject{k8s::kinds::kApiService, std::move(wanted), "a ConsumerScaler uses the Native engine"}};
  Json patch = difference(wanted, api_service);
  if (patch.empty()) return {};
  patch["metadata"]["uid"] = api_service["metadata"].value("uid", "");
  return {PatchObject{k8s::kinds::kApiService, key, std::move(patch), "it differs from what the service needs"}};
}

MetricsApi::MetricsApi(const Stores& stores, const ClusterFacts& facts, k8s::Client client, MetricsService service,
                       const Clock& clock)
    : stores_(stores), facts_(facts), client_(std::move(client)), service_(std::move(service)), clock_(clock) {}

bool MetricsApi::needed() const {
  const Facts facts = facts_.get();
  for (const auto& [key, entry] : stores_.scalers.all()) {
    if (!entry->has_value() || (*entry)->meta.deleted || (*entry)->spec.mode == api::Mode::kObserve) continue;
    if (choose_engine((*entry)->spec.engine, facts).engine == api::Engine::kNative) return true;
  }
  return false;
}

Result<ServingCertificate> MetricsApi::certificate(runtime::ReconcileContext& context) {
  const k8s::ObjectKey key{service_.ns, kCertificateSecret};
  const auto secret = client_.find(k8s::kinds::kSecret, key, context.stop);
  if (!secret) return fail("reading the Secret " + key.to_string(), secret.error());
  const auto have = *secret ? read_secret(**secret) : std::nullopt;
  if (!needs_certificate(have, service_, clock_.wall())) return *have;
  auto made = make_certificate(have, service_, clock_.wall());
  if (!made) return std::unexpected(made.error());
  std::vector<Action> actions;
  const std::string why =
      have ? "its certificate is soon over, or is of another service" : "the metrics API needs a certificate";
  if (*secret) {
    Json patch = {{"metadata", {{"uid", (**secret)["metadata"].value("uid", "")}}}, {"data", secret_data(*made)}};
    actions.push_back(PatchObject{k8s::kinds::kSecret, key, std::move(patch), why});
  } else {
    Json object = {{"metadata", {{"name", key.name}, {"namespace", key.ns}, {"labels", {{kManagedBy, "penstock"}}}}},
                   {"type", "kubernetes.io/tls"},
                   {"data", secret_data(*made)}};
    actions.push_back(CreateObject{k8s::kinds::kSecret, std::move(object), why});
  }
  if (auto done = act(actions, context); !done) return std::unexpected(done.error());
  return made;
}

Result<void> MetricsApi::act(const std::vector<Action>& actions, runtime::ReconcileContext& context) {
  Sinks sinks;
  sinks.client = &client_;
  sinks.field_manager = kFieldManager;
  sinks.controller = "metricsapi";
  sinks.reconcile_id = context.reconcile_id;
  return apply(actions, sinks, context.stop);
}

Result<runtime::Outcome> MetricsApi::operator()(const k8s::ObjectKey&, runtime::ReconcileContext& context) {
  const auto serving = certificate(context);
  if (!serving) return std::unexpected(serving.error());
  const auto actions = plan_api_service(needed(), facts_.api_service(), facts_.get(), service_, serving->authorities);
  if (auto done = act(actions, context); !done) return std::unexpected(done.error());
  return runtime::Outcome{kCertificateCheck};
}

}  // namespace penstock::op::consumer_scaler
