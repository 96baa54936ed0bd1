#include <penstock/operator/access.hpp>
#include <penstock/operator/platform/accounts.hpp>
#include <penstock/operator/platform/certificates.hpp>
#include <penstock/operator/platform/nodes.hpp>
#include <penstock/operator/platform/observe.hpp>
#include <penstock/operator/platform/parts.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

constexpr Duration kShowTimeout = 2s, kKafkaTimeout = 8s;

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
          named(stores.pods, platform, prefix),
          {}};
}

std::vector<std::string> certificate_secret_names(const Layout& layout) {
  std::vector<std::string> names{authority_secret_name(layout), operator_secret_name(layout)};
  if (layout.mutual_listener() != nullptr) names.push_back(clients_authority_secret_name(layout));
  for (const auto& pool : layout.kafka().node_pools) names.push_back(pool_secret_name(layout, pool));
  return names;
}

// Read from the server by name: no right to see everybody's Secrets is needed for that, and a cache that lacks what was
// made a moment ago would have another authority or password made.
Result<std::map<std::string, Json>> read_secrets(const std::vector<std::string>& names, const Layout& layout,
                                                 const k8s::Client& client, const std::stop_token& stop) {
  std::map<std::string, Json> out;
  for (const std::string& name : names) {
    const k8s::ObjectKey key{layout.platform().meta.ns, name};
    auto found = client.find(k8s::kinds::kSecret, key, stop);
    if (!found) return fail("reading the Secret " + key.to_string(), found.error());
    if (*found) out.emplace(name, std::move(**found));
  }
  return out;
}

bool all_ours(const Observed& observed) {
  return std::ranges::all_of(observed.children.secrets,
                             [&](const auto& secret) { return is_child(secret.second, observed.platform); });
}

// As they should be; as they are while a Secret of somebody else's keeps one of ours from being written.
Result<Certificates> certificates_of(const Layout& layout, const Observed& observed, WallTime now) {
  return all_ours(observed) ? renewed(observed.held, layout, now) : observed.held;
}

kafka::Connection managed_connection(const Layout& layout, const Certificates& certificates) {
  kafka::Connection out;
  out.bootstrap_servers = layout.address(layout.bootstrap_host(), kInternalPort);
  out.tls = true;
  out.certificate_authority = certificates.admin.authorities;
  out.client_certificate = certificates.admin.certificate;
  out.client_key = certificates.admin.key;
  return out;
}

Result<std::optional<AccountsSeen>> accounts_of(const Layout& layout, const Certificates& certificates,
                                                kafka::Cluster& cluster, const Deps& deps,
                                                const std::stop_token& stop) {
  std::vector<std::string> names = known_accounts(layout.platform());
  if (names.empty()) return std::nullopt;
  for (std::string& name : names) name = account_secret_name(layout, name);
  auto secrets = read_secrets(names, layout, deps.client, stop);
  if (!secrets) return std::unexpected(secrets.error());
  AccountsSeen out{std::move(*secrets), cluster.scram_users(kKafkaTimeout), {}};
  if (!out.users) return out;
  auto wanted = logins(layout, out, certificates, deps.clock.wall());
  if (!wanted) return std::unexpected(wanted.error());
  out.logins = std::move(*wanted);
  return out;
}

// Asks ready brokers that were not seen yet with what lies in their Secret.
void look_at_certificates(Observed& observed, const Layout& layout, Connections::Line& line) {
  for (const Node& node : layout.nodes()) {
    const auto pod = observed.children.pods.find(node.pod);
    if (!node.pool->has(api::Role::kBroker) || pod == observed.children.pods.end() || !is_ready(pod->second)) continue;
    const auto wanted = observed.to_load.find(node.id);
    if (wanted == observed.to_load.end()) continue;
    Loaded loaded = line.loaded[node.id];
    if (!is_loaded(wanted->second, loaded)) {
      const auto shown = line.cluster->shown_certificate(node.host, kInternalPort, kShowTimeout);
      const auto info = shown ? pki::inspect(shown->certificate) : std::unexpected(shown.error());
      if (!info) continue;
      loaded = {info->serial, info->not_after, shown->accepted_issuers, {}};
      const auto* mutual = layout.mutual_listener();
      if (mutual != nullptr)
        if (const auto to_clients = line.cluster->shown_certificate(node.host, mutual->port, kShowTimeout))
          loaded.trusts_clients = to_clients->accepted_issuers;
      // A broker that will only ask clients for certificates once it has started anew must not miss the rest.
      const bool asks = !loaded.trusts_clients.empty();
      if (!asks) loaded.trusts_clients = wanted->second.trusts_clients;
      if (asks || mutual == nullptr) line.loaded[node.id] = loaded;
    }
    observed.loaded[node.id] = loaded;
  }
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

  std::optional<Layout> layout;  // of a platform that we run
  if (platform.spec.external) {
    observed.connection = external_connection(platform, deps.client, stop);
  } else {
    observed.children = children_of(key, deps.stores);
    layout.emplace(observed, ids_of(observed));
    auto secrets = read_secrets(certificate_secret_names(*layout), *layout, deps.client, stop);
    if (!secrets) return std::unexpected(secrets.error());
    observed.children.secrets = std::move(*secrets);
    observed.held = held(*layout, observed.children.secrets, observed.view);
    for (const Node& node : layout->nodes())
      if (auto wanted = loaded_from(observed.held, node)) observed.to_load.emplace(node.id, std::move(*wanted));
    auto certificates = certificates_of(*layout, observed, deps.clock.wall());
    if (!certificates) return std::unexpected(certificates.error());
    observed.certificates = std::move(*certificates);
    observed.connection = managed_connection(*layout, observed.certificates);
    // The answer of a cluster without a ready broker is known, and the question would cost its whole timeout.
    if (report(*layout, observed.children).ready_brokers == 0) {
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
  if (layout) {
    look_at_certificates(observed, *layout, **line);
    (*line)->capabilities.reset();  // what brokers of ours can do changes when they start anew
  }
  observed.answer = probe(**line);
  if (layout && observed.answer) {
    if (all_ours(observed)) {  // without an authority there is nothing that clients could trust
      auto accounts = accounts_of(*layout, observed.certificates, *(*line)->cluster, deps, stop);
      if (!accounts) return std::unexpected(accounts.error());
      observed.accounts = std::move(*accounts);
    }
    if (layout->kafka().authorization && std::ranges::count(observed.answer->capabilities, "acls") > 0)
      if (auto acls = (*line)->cluster->acls(scaler_acls()[0].principal, kKafkaTimeout))
        observed.scaler_acls = std::move(*acls);
  }
  sight.cluster = (*line)->cluster;
  return sight;
}

}  // namespace penstock::op::platform
