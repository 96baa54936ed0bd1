#include <penstock/operator/access.hpp>
#include <penstock/operator/platform/layout.hpp>
#include <penstock/operator/platform/nodes.hpp>
#include <penstock/operator/platform/observe.hpp>
#include <penstock/operator/platform/parts.hpp>

namespace penstock::op::platform {
namespace {

std::vector<kafka::PlatformView::Allowed> allowed(const api::EventPlatform& platform, const Stores& stores) {
  std::vector<kafka::PlatformView::Allowed> out;
  if (platform.spec.allowed_namespaces.empty()) return out;
  for (const auto& [key, entry] : stores.namespaces.all()) {
    if (!*entry) continue;
    const auto labels =
        (*entry)->at("metadata").value("labels", Json::object()).get<std::map<std::string, std::string>>();
    for (const auto& rule : platform.spec.allowed_namespaces)
      if (selects(rule.selector, labels)) out.push_back({key.name, rule.topic_prefixes, rule.group_prefixes});
  }
  return out;
}

// By name alone: what has the name of a child but is not the platform's must be seen too.
std::map<std::string, Json> named(const k8s::Store<Json>& store, const k8s::ObjectKey& platform,
                                  const std::string& prefix) {
  std::map<std::string, Json> out;
  for (const auto& [key, entry] : store.all())
    if (key.ns == platform.ns && key.name.starts_with(prefix) && *entry) out.emplace(key.name, **entry);
  return out;
}

Children children_of(const k8s::ObjectKey& platform, const Stores& stores) {
  const std::string prefix = platform.name + "-";
  return {named(stores.stateful_sets, platform, prefix),
          named(stores.services, platform, prefix),
          named(stores.config_maps, platform, prefix),
          named(stores.disruption_budgets, platform, prefix),
          named(stores.volume_claims, platform, "data-" + prefix),
          named(stores.pods, platform, prefix)};
}

}  // namespace

Result<Sight> observe(const api::EventPlatform& platform, const Deps& deps, Connections& connections,
                      const std::stop_token& stop) {
  const k8s::ObjectKey key{platform.meta.ns, platform.meta.name};
  Sight sight;
  Observed& observed = sight.observed;
  observed.platform = platform;
  observed.settings = deps.settings;
  observed.allowed = allowed(platform, deps.stores);
  auto view = deps.client.find(k8s::kinds::kSecret, view_key(observed), stop);
  if (!view) return fail("reading the Secret for the scaler", view.error());
  observed.view = std::move(*view);
  if (platform.meta.deleted) return sight;

  if (platform.spec.external) {
    observed.connection = external_connection(platform, deps.client, stop);
  } else {
    observed.children = children_of(key, deps.stores);
    const Layout layout(observed, ids_of(observed));
    observed.connection = kafka::Connection{};
    observed.connection->bootstrap_servers = layout.address(layout.bootstrap_host(), kInternalPort);
    // The answer of a cluster without a ready broker is known, and the question would cost its whole timeout.
    if (report(layout, observed.children).ready_brokers == 0) {
      observed.answer = fail(Code::kUnavailable, "no broker is ready");
      return sight;
    }
  }
  if (!observed.connection) return sight;
  const auto line = connections.get(key, *observed.connection);
  if (!line) {
    observed.answer = std::unexpected(line.error());
    return sight;
  }
  observed.answer = probe(**line);
  sight.cluster = (*line)->cluster;
  return sight;
}

}  // namespace penstock::op::platform
