#include <penstock/base/base64.hpp>
#include <penstock/operator/apply.hpp>
#include <penstock/operator/consumer_scaler/scaler_access.hpp>
#include <penstock/operator/difference.hpp>

namespace penstock::op::consumer_scaler {
namespace {

// Nobody tells of what lies in KEDA's namespace.
constexpr Duration kLookAgain = 10min;

// The authority first: what it signed is worth nothing without it.
constexpr std::array<std::pair<std::string_view, api::TlsSecret Certificates::*>, 3> kSecrets{
    {{kAuthoritySecret, &Certificates::authority},
     {api::kScalerTlsSecret, &Certificates::scaler},
     {api::kCallerTlsSecret, &Certificates::caller}}};

// What makes the live object (null: there is none) as it is wanted.
std::vector<Action> keep(const k8s::Resource& resource, Json wanted, const Json& live, const std::string& why_create,
                         const std::string& why_patch) {
  if (!live.is_object()) return {CreateObject{resource, std::move(wanted), why_create}};
  Json patch = difference(wanted, live);
  if (patch.empty()) return {};
  patch["metadata"]["uid"] = live["metadata"].value("uid", "");
  return {PatchObject{resource, k8s::key_of(live), std::move(patch), why_patch}};
}

Json render_secret(const std::string& ns, std::string_view name, const api::TlsSecret& tls) {
  return {{"metadata",
           {{"name", name}, {"namespace", ns}, {"labels", {{kManagedBy, "penstock"}, {kCertificateLabel, "true"}}}}},
          {"type", "kubernetes.io/tls"},
          {"data", api::print_tls_data(tls)}};
}

Json render_authentication() {
  Json from = Json::array();
  for (const auto& [parameter, key] :
       {std::pair("caCert", "ca.crt"), std::pair("tlsClientCert", "tls.crt"), std::pair("tlsClientKey", "tls.key")})
    from.push_back({{"parameter", parameter}, {"name", api::kCallerTlsSecret}, {"key", key}});
  return {{"apiVersion", k8s::kinds::kClusterTriggerAuthentication.api_version()},
          {"kind", k8s::kinds::kClusterTriggerAuthentication.kind},
          {"metadata", {{"name", kKedaAuthentication}, {"labels", {{kManagedBy, "penstock"}}}}},
          {"spec", {{"secretTargetRef", std::move(from)}}}};
}

bool is_ours(const Json& live) {
  return !live.is_object() ||
         live["metadata"].value("labels", Json::object()).value(std::string(kManagedBy), "") == "penstock";
}

std::unexpected<Error> foreign(const std::string& object) {
  return fail(Code::kConflict, object + " exists and is not ours: delete or rename it");
}

Json live_or_null(const Result<std::optional<Json>>& found) {
  return found && *found ? **found : Json();
}

}  // namespace

std::vector<std::string> ScalerService::names() const {
  const std::string in_namespace = name + "." + ns;
  std::vector<std::string> all{std::string(api::kScalerTlsName), in_namespace, in_namespace + ".svc"};
  all.insert(all.end(), more_names.begin(), more_names.end());
  return all;
}

Result<std::vector<Action>> plan_certificates(const Certificates& wanted, const std::map<std::string, Json>& live,
                                              const std::string& ns) {
  std::vector<Action> actions;
  for (const auto& [name, part] : kSecrets) {
    const auto found = live.find(std::string(name));
    const Json there = found == live.end() ? Json() : found->second;
    if (!is_ours(there)) return foreign("Secret " + ns + "/" + std::string(name));
    for (Action& action :
         keep(k8s::kinds::kSecret, render_secret(ns, name, wanted.*part), there, "there is no certificate",
              "its certificate was soon over, of other names or broken, or an authority came"))
      actions.push_back(std::move(action));
  }
  return actions;
}

std::vector<Action> plan_api_service(bool needed, const Json& api_service, const Facts& facts,
                                     const ScalerService& service, const std::string& authorities, const Json& role) {
  const bool there = api_service.is_object();
  if (!needed) {
    if (!there || !facts.external_metrics.ours) return {};
    return {DeleteObject{k8s::kinds::kApiService,
                         {"", kApiServiceName},
                         api_service["metadata"].value("uid", ""),
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
  if (role.is_object())
    wanted["metadata"]["ownerReferences"] = Json::array({{{"apiVersion", k8s::kinds::kClusterRole.api_version()},
                                                          {"kind", k8s::kinds::kClusterRole.kind},
                                                          {"name", role["metadata"]["name"]},
                                                          {"uid", role["metadata"]["uid"]}}});
  return keep(k8s::kinds::kApiService, std::move(wanted), api_service, "a ConsumerScaler uses the Native engine",
              "it differs from what the service needs");
}

Result<std::vector<Action>> plan_keda(const api::TlsSecret& caller, const Json& secret, const Json& authentication,
                                      const std::string& keda_namespace) {
  if (!is_ours(secret)) return foreign("Secret " + keda_namespace + "/" + std::string(api::kCallerTlsSecret));
  if (!is_ours(authentication)) return foreign("ClusterTriggerAuthentication " + std::string(kKedaAuthentication));
  auto actions = keep(k8s::kinds::kSecret, render_secret(keda_namespace, api::kCallerTlsSecret, caller), secret,
                      "KEDA shows it to penstock-scaler", "the certificate of penstock-scaler's callers is another");
  for (Action& action : keep(k8s::kinds::kClusterTriggerAuthentication, render_authentication(), authentication,
                             "ScaledObjects refer to it", "it differs from what penstock-scaler needs"))
    actions.push_back(std::move(action));
  return actions;
}

ScalerAccess::ScalerAccess(const Stores& stores, ClusterFacts& facts, k8s::Client client, ScalerService service,
                           std::string keda_namespace, const Clock& clock)
    : stores_(stores),
      facts_(facts),
      client_(std::move(client)),
      service_(std::move(service)),
      keda_namespace_(std::move(keda_namespace)),
      clock_(clock) {}

bool ScalerAccess::native_needed() const {
  const Facts facts = facts_.get();
  for (const auto& [key, entry] : stores_.scalers.all()) {
    if (!entry->has_value() || (*entry)->meta.deleted || (*entry)->spec.mode == api::Mode::kObserve) continue;
    if (choose_engine((*entry)->spec.engine, facts).engine == api::Engine::kNative) return true;
  }
  return false;
}

Result<Certificates> ScalerAccess::certificates(runtime::ReconcileContext& context) {
  Certificates have;
  std::map<std::string, Json> live;
  // Read from the server, though a watch tells of them: a cache that lacks what was made a moment ago would have
  // another authority made.
  for (const auto& [name, part] : kSecrets) {
    const k8s::ObjectKey key{service_.ns, std::string(name)};
    const auto found = client_.find(k8s::kinds::kSecret, key, context.stop);
    if (!found) return fail("reading the Secret " + key.to_string(), found.error());
    if (!*found) continue;
    live[key.name] = **found;
    if (auto parsed = api::parse_tls_secret(**found)) have.*part = std::move(*parsed);
  }
  auto wanted = renewed(have, service_.names(), clock_.wall());
  if (!wanted) return wanted;
  const auto actions = plan_certificates(*wanted, live, service_.ns);
  if (!actions) return std::unexpected(actions.error());
  if (auto done = act(*actions, context); !done) return std::unexpected(done.error());
  return wanted;
}

Result<void> ScalerAccess::let_keda_in(const api::TlsSecret& caller, runtime::ReconcileContext& context) {
  const auto secret =
      client_.find(k8s::kinds::kSecret, {keda_namespace_, std::string(api::kCallerTlsSecret)}, context.stop);
  if (!secret) return std::unexpected(secret.error());
  const auto authentication =
      client_.find(k8s::kinds::kClusterTriggerAuthentication, {"", std::string(kKedaAuthentication)}, context.stop);
  if (!authentication) return std::unexpected(authentication.error());
  const auto actions = plan_keda(caller, live_or_null(secret), live_or_null(authentication), keda_namespace_);
  if (!actions) return std::unexpected(actions.error());
  return act(*actions, context);
}

Result<void> ScalerAccess::act(const std::vector<Action>& actions, runtime::ReconcileContext& context) {
  Sinks sinks;
  sinks.client = &client_;
  sinks.field_manager = kFieldManager;
  sinks.controller = "scaleraccess";
  sinks.reconcile_id = context.reconcile_id;
  return apply(actions, sinks, context.stop);
}

Result<runtime::Outcome> ScalerAccess::operator()(const k8s::ObjectKey&, runtime::ReconcileContext& context) {
  const auto held = certificates(context);
  if (!held) return std::unexpected(held.error());
  const auto& authorities = held->authority.authorities;
  const bool needed = native_needed();
  Json role;
  if (needed) {
    const auto found = client_.find(k8s::kinds::kClusterRole, {"", service_.cluster_role}, context.stop);
    if (!found) return std::unexpected(found.error());
    role = live_or_null(found);
  }
  const auto actions = plan_api_service(needed, facts_.api_service(), facts_.get(), service_, authorities, role);
  if (auto done = act(actions, context); !done) return std::unexpected(done.error());
  if (facts_.get().keda_resources) {
    auto done = let_keda_in(held->caller, context);
    if (!done)
      done = fail(
          "KEDA can't be given a certificate for penstock-scaler (the chart's keda.enabled gives the rights, "
          "keda.namespace says where KEDA runs)",
          done.error());
    facts_.set_keda_access(done ? "" : done.error().to_string());
    if (!done) return std::unexpected(done.error());
  }
  return runtime::Outcome{kLookAgain};
}

}  // namespace penstock::op::consumer_scaler
