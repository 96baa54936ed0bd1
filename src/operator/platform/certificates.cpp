#include <penstock/base/base64.hpp>
#include <penstock/operator/platform/certificates.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace penstock::op::platform {
namespace {

constexpr std::string_view kServingSuffix = ".pem", kQuorumSuffix = "-quorum.pem", kTrustKey = "ca.pem",
                           kClientsTrustKey = "clients-ca.pem";
constexpr std::string_view kEndKey = "-----END PRIVATE KEY-----\n";

// Kafka reads the certificate of the controllers' listener at start only: it lasts as long as its authority, and is
// made anew a year after the next authority was first trusted.
constexpr Validity kQuorumValidity{kAuthorityValidity.lasts, kAuthorityValidity.renew_before / 2};

std::string pem(const api::TlsSecret& leaf) {
  return leaf.key + leaf.certificate;
}

api::TlsSecret parse_pem(const std::string& text, const std::string& authorities) {
  const auto end = text.find(kEndKey);
  if (end == std::string::npos) return {};
  return {text.substr(end + kEndKey.size()), text.substr(0, end + kEndKey.size()), authorities};
}

constexpr const char *kNextCertificate = "next.crt", *kNextKey = "next.key";

api::TlsSecret read_tls(const Json* secret) {
  return secret == nullptr ? api::TlsSecret{} : api::parse_tls_secret(*secret).value_or(api::TlsSecret{});
}

std::vector<std::string> names_of(const std::string& authorities) {
  std::vector<std::string> out;
  for (const std::string& pem : pki::certificates_in(authorities))
    if (const auto authority = pki::inspect(pem)) out.push_back(authority->common_name);
  return out;
}

std::map<std::string, std::string> texts(const Json* secret) {
  std::map<std::string, std::string> out;
  const Json data = secret == nullptr ? Json::object() : secret->value("data", Json::object());
  for (const auto& [key, value] : data.items())
    if (value.is_string()) out[key] = decode_base64(value.get_ref<const std::string&>()).value_or("");
  return out;
}

Authority read_authority(const Json* secret) {
  Authority out{read_tls(secret), {}};
  const auto data = texts(secret);
  if (data.contains(kNextCertificate) && data.contains(kNextKey))
    out.next = {data.at(kNextCertificate), data.at(kNextKey), ""};
  return out;
}

std::map<int, NodeCertificates> read_pool(const std::map<std::string, std::string>& data) {
  std::map<int, NodeCertificates> out;
  const auto trust = data.find(std::string(kTrustKey));
  const std::string authorities = trust == data.end() ? "" : trust->second;
  for (const auto& [key, text] : data) {
    int id = 0;
    const auto [rest, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc{}) continue;
    const std::string_view suffix(rest, key.data() + key.size());
    if (suffix == kServingSuffix) out[id].serving = parse_pem(text, authorities);
    if (suffix == kQuorumSuffix) out[id].quorum = parse_pem(text, authorities);
  }
  return out;
}

// Of everybody who trusts somebody already: what is lost with one Secret lies in another.
std::string trusted_already(const Certificates& have) {
  std::string all = have.nodes.signing.authorities + have.admin.authorities;
  for (const auto& [pool, nodes] : have.pools)
    if (!nodes.empty()) all += nodes.begin()->second.serving.authorities;
  return all + have.scaler.authorities;
}

Result<api::TlsSecret> make_authority(const std::string& name, WallTime now) {
  // The time tells one from another in what a broker says of those whom it accepts.
  const auto both = pki::make_authority(name + " " + format_time(now), now, kAuthorityValidity.lasts);
  if (!both) return fail("making an authority", both.error());
  return api::TlsSecret{both->certificate, both->key, ""};
}

// A year passes from the day when the next authority is trusted to the day when it signs: by then all brokers have
// loaded it, and all controllers should have been restarted.
Result<void> renew_with_next(Authority& authority, const std::string& name, const std::string& trusted, WallTime now) {
  constexpr Duration kPrepare = kAuthorityValidity.renew_before, kReplace = kAuthorityValidity.renew_before / 2;
  api::TlsSecret &signing = authority.signing, &next = authority.next;
  if (!is_good(signing, now, kReplace)) signing = std::exchange(next, {});
  if (!is_good(signing, now, kReplace)) {
    auto first = make_authority(name, now);
    if (!first) return std::unexpected(first.error());
    signing = std::move(*first);
  }
  if (!is_good(signing, now, kPrepare) && !is_good(next, now, kPrepare)) {
    auto made = make_authority(name, now);
    if (!made) return std::unexpected(made.error());
    next = std::move(*made);
  }
  signing.authorities = trust_list({signing.certificate, next.certificate}, trusted, now);
  return {};
}

Result<void> renew_authorities(Certificates& out, const Layout& layout, WallTime now) {
  const std::string& platform = layout.platform().meta.name;
  if (auto done = renew_with_next(out.nodes, platform + "-ca", trusted_already(out), now); !done) return done;
  if (layout.mutual_listener() == nullptr) return {};
  if (!out.clients) out.clients.emplace();
  return renew_with_next(*out.clients, platform + "-clients-ca", out.clients->signing.authorities + out.clients_trusted,
                         now);
}

pki::LeafSpec node_leaf(const Layout& layout, const api::NodePool& pool, int id) {
  pki::LeafSpec leaf{.common_name = std::string(kNodeName), .server = true, .client = true};
  const std::string ns = "." + layout.platform().meta.ns, domain = "." + layout.settings().cluster_domain;
  const std::string services[] = {layout.pod(pool, id) + "." + layout.nodes_service(), layout.bootstrap_service()};
  for (const std::string& service : services)
    for (const std::string& name : {service + ns + ".svc" + domain, service + ns + ".svc", service + ns, service})
      leaf.dns_names.push_back(name);
  return leaf;
}

Json secret(Json metadata, const char* type, Json data) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", std::move(metadata)},
          {"type", type},
          {"data", std::move(data)}};
}

}  // namespace

Result<Certificates> renewed(const Certificates& have, const Layout& layout, WallTime now) {
  Certificates out = have;
  if (auto done = renew_authorities(out, layout, now); !done) return std::unexpected(done.error());
  const Validity validity{layout.kafka().certificates.validity, layout.kafka().certificates.renew_before};
  const auto renew = [&](api::TlsSecret& leaf, const pki::LeafSpec& spec, const Validity& lasts) {
    return renew_leaf(leaf, out.nodes.signing, spec, lasts, now);
  };
  for (const auto& pool : layout.kafka().node_pools) {
    auto& nodes = out.pools[pool.name];
    for (int id = pool.node_id_start; id < pool.node_id_start + pool.replicas; ++id) nodes.try_emplace(id);
    for (auto& [id, node] : nodes) {
      const pki::LeafSpec spec = node_leaf(layout, pool, id);
      if (auto done = renew(node.serving, spec, validity); !done) return std::unexpected(done.error());
      if (auto done = renew(node.quorum, spec, kQuorumValidity); !done) return std::unexpected(done.error());
    }
  }
  if (auto done = renew(out.admin, {.common_name = std::string(kOperatorName), .client = true}, validity); !done)
    return std::unexpected(done.error());
  if (auto done = renew(out.scaler, {.common_name = std::string(kScalerName), .client = true}, validity); !done)
    return std::unexpected(done.error());
  return out;
}

std::optional<Loaded> loaded_from(const Certificates& held, const Node& node) {
  const auto pool = held.pools.find(node.pool->name);
  if (pool == held.pools.end()) return std::nullopt;
  const auto found = pool->second.find(node.id);
  if (found == pool->second.end()) return std::nullopt;
  const auto info = pki::inspect(found->second.serving.certificate);
  if (!info) return std::nullopt;
  return Loaded{info->serial, info->not_after, names_of(found->second.serving.authorities),
                names_of(held.clients_trusted)};
}

bool is_loaded(const Loaded& wanted, const Loaded& seen) {
  return wanted.serial == seen.serial && holds_all(seen.trusts, wanted.trusts) &&
         holds_all(seen.trusts_clients, wanted.trusts_clients);
}

// No name of a pool's object: those end in -tls.
std::string authority_secret_name(const Layout& layout) {
  return layout.platform().meta.name + "-ca";
}

std::string clients_authority_secret_name(const Layout& layout) {
  return layout.platform().meta.name + "-clients-ca";
}

std::string operator_secret_name(const Layout& layout) {
  return layout.platform().meta.name + "-operator";
}

std::string pool_secret_name(const Layout& layout, const api::NodePool& pool) {
  return layout.stateful_set(pool) + "-tls";
}

Certificates held(const Layout& layout, const std::map<std::string, Json>& secrets, const std::optional<Json>& view) {
  Certificates out;
  out.nodes = read_authority(own(layout, secrets, authority_secret_name(layout)));
  if (layout.mutual_listener() != nullptr)
    if (const Json* clients = own(layout, secrets, clients_authority_secret_name(layout)))
      out.clients = read_authority(clients);
  out.admin = read_tls(own(layout, secrets, operator_secret_name(layout)));
  for (const auto& pool : layout.kafka().node_pools) {
    const auto data = texts(own(layout, secrets, pool_secret_name(layout, pool)));
    out.pools[pool.name] = read_pool(data);
    if (const auto clients = data.find(std::string(kClientsTrustKey)); clients != data.end())
      out.clients_trusted = clients->second;
  }
  if (!view) return out;
  const auto shown = kafka::parse_platform_view(*view);
  if (shown && shown->uid == layout.platform().meta.uid) {
    const kafka::Connection& connection = shown->connection;
    out.scaler = {connection.client_certificate, connection.client_key, connection.certificate_authority};
  }
  return out;
}

Json authority_secret(const Layout& layout, const std::string& name, const Authority& authority) {
  Json data = api::print_tls_data(authority.signing);
  if (!authority.next.key.empty()) {
    data[kNextCertificate] = encode_base64(authority.next.certificate);
    data[kNextKey] = encode_base64(authority.next.key);
  }
  return secret(layout.metadata(name, layout.labels()), "kubernetes.io/tls", std::move(data));
}

Json operator_secret(const Layout& layout, const Certificates& certificates) {
  return secret(layout.metadata(operator_secret_name(layout), layout.labels()), "kubernetes.io/tls",
                api::print_tls_data(certificates.admin));
}

Json pool_secret(const Layout& layout, const api::NodePool& pool, const Certificates& certificates) {
  Json data{{std::string(kTrustKey), encode_base64(certificates.nodes.signing.authorities)}};
  // Also when no listener asks for it any more: a broker that has not started anew reads it yet.
  const std::string& clients =
      certificates.clients ? certificates.clients->signing.authorities : certificates.clients_trusted;
  if (!clients.empty()) data[std::string(kClientsTrustKey)] = encode_base64(clients);
  for (const auto& [id, node] : certificates.pools.at(pool.name)) {
    data[std::to_string(id).append(kServingSuffix)] = encode_base64(pem(node.serving));
    data[std::to_string(id).append(kQuorumSuffix)] = encode_base64(pem(node.quorum));
  }
  return secret(layout.metadata(pool_secret_name(layout, pool), layout.labels(pool)), "Opaque", std::move(data));
}

Json trust_config_map(const Layout& layout, const Certificates& certificates) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", layout.metadata(layout.trust_config_map(), layout.labels())},
          {"data", {{"ca.crt", certificates.nodes.signing.authorities}}}};
}

}  // namespace penstock::op::platform
