#include <penstock/operator/difference.hpp>
#include <penstock/operator/platform/parts.hpp>

namespace penstock::op::platform {

k8s::ObjectKey view_key(const Observed& observed) {
  const api::Meta& meta = observed.platform.meta;
  return {observed.settings.release_namespace, kafka::platform_view_name(meta.ns, meta.name)};
}

void show_to_scaler(PlatformPlan& plan, const Observed& observed) {
  const api::Meta& meta = observed.platform.meta;
  const k8s::ObjectKey key = view_key(observed);
  kafka::Connection connection = *observed.connection;
  if (observed.platform.spec.kafka) {
    connection.client_certificate = observed.certificates.scaler.certificate;
    connection.client_key = observed.certificates.scaler.key;
  }
  const kafka::PlatformView view{
      meta.ns, meta.name, meta.uid, plan.status.cluster_id, std::move(connection), observed.allowed, plan.unsettled};
  Json secret{{"apiVersion", "v1"},
              {"kind", "Secret"},
              {"metadata",
               {{"name", key.name},
                {"namespace", key.ns},
                {"labels", {{kManagedBy, "penstock"}, {kafka::kViewLabel, "true"}}}}},
              {"type", "Opaque"},
              {"data", kafka::print_platform_view(view)}};
  if (!observed.view) {
    plan.actions.push_back(CreateObject{k8s::kinds::kSecret, std::move(secret), "the scaler reads this cluster"});
    return;
  }
  Json patch = difference(secret, *observed.view, {"data"});
  if (patch.empty()) return;
  patch["metadata"]["uid"] = observed.view->at("metadata").at("uid");
  plan.actions.push_back(
      PatchObject{k8s::kinds::kSecret, key, std::move(patch),
                  "how to reach the cluster, who may read it or whether its brokers are ready has changed"});
}

void hide_from_scaler(PlatformPlan& plan, const Observed& observed, const std::string& why) {
  if (!observed.view) return;
  plan.actions.push_back(
      DeleteObject{k8s::kinds::kSecret, view_key(observed), observed.view->at("metadata").value("uid", ""), why});
}

}  // namespace penstock::op::platform
