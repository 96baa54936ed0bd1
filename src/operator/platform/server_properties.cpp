#include "properties.hpp"

#include <penstock/operator/platform/certificates.hpp>
#include <penstock/operator/platform/render.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

struct KafkaListener {
  std::string name;
  int port = 0;
  bool tls = true;
  std::string authentication{api::kMutualTls};  // as in the spec
  bool own = true;  // for nodes and Penstock, whose authority is another than that of clients

  bool mutual() const { return authentication == api::kMutualTls; }
  bool scram() const { return authentication.starts_with("SCRAM-"); }
  std::string protocol() const { return std::string(scram() ? "SASL_" : "") + (tls ? "SSL" : "PLAINTEXT"); }
};

std::vector<KafkaListener> listeners(const Layout& layout, const api::NodePool& pool) {
  std::vector<KafkaListener> out;
  if (pool.has(api::Role::kController)) out.push_back({"CONTROLLER", kControllerPort});
  if (!pool.has(api::Role::kBroker)) return out;
  out.push_back({"INTERNAL", kInternalPort});
  for (const auto& listener : layout.kafka().listeners)
    out.push_back({upper(listener.name), listener.port, listener.tls, listener.authentication, false});
  return out;
}

std::string controllers(const Layout& layout) {
  std::vector<std::string> out;
  for (const Node& node : layout.nodes())
    if (node.pool->has(api::Role::kController)) out.push_back(layout.address(node.host, kControllerPort));
  return join(out, ",");
}

void add_identity(Properties& out, const Layout& layout, const api::NodePool& pool) {
  std::vector<std::string> roles, bound, advertised, protocols;
  if (pool.has(api::Role::kBroker)) roles.emplace_back("broker");
  if (pool.has(api::Role::kController)) roles.emplace_back("controller");
  if (!pool.has(api::Role::kController)) protocols.emplace_back("CONTROLLER:SSL");
  for (const KafkaListener& listener : listeners(layout, pool)) {
    bound.push_back(listener.name + "://:" + std::to_string(listener.port));
    advertised.push_back(listener.name + "://" + layout.address("@HOST@", listener.port));
    protocols.push_back(listener.name + ":" + listener.protocol());
  }
  // bash speaks no TLS: the probe has a listener that nobody outside the pod reaches.
  if (pool.has(api::Role::kBroker)) {
    bound.push_back("PROBE://127.0.0.1:" + std::to_string(kProbePort));
    protocols.emplace_back("PROBE:PLAINTEXT");
  }
  out.emplace_back("process.roles", join(roles, ","));
  out.emplace_back("node.id", "@NODE_ID@");
  out.emplace_back("controller.listener.names", "CONTROLLER");
  out.emplace_back("controller.quorum.bootstrap.servers", controllers(layout));
  out.emplace_back("listeners", join(bound, ","));
  out.emplace_back("advertised.listeners", join(advertised, ","));
  out.emplace_back("listener.security.protocol.map", join(protocols, ","));
  // A controller that comes back with an empty volume takes its old identity out of the quorum and joins as a new
  // voter, which needs the majority of the others: nothing is lost, and nobody is needed (KIP-853).
  if (pool.has(api::Role::kController)) out.emplace_back("controller.quorum.auto.join.enable", "true");
  if (pool.has(api::Role::kBroker)) out.emplace_back("inter.broker.listener.name", "INTERNAL");
  out.emplace_back("log.dirs", "/var/lib/kafka/data");
}

void add_certificates(Properties& out, const Layout& layout, const api::NodePool& pool) {
  const auto store = [&](const std::string& prefix, const std::string& file) {
    out.emplace_back(prefix + "ssl.keystore.type", "PEM");
    out.emplace_back(prefix + "ssl.keystore.location", certificate_path("@NODE_ID@" + file));
  };
  store("", ".pem");
  out.emplace_back("ssl.truststore.type", "PEM");
  out.emplace_back("ssl.truststore.location", certificate_path("ca.pem"));
  store("listener.name.controller.", "-quorum.pem");
  for (const auto& listener : listeners(layout, pool)) {
    if (!listener.mutual()) continue;
    const std::string prefix = "listener.name." + lower(listener.name) + ".";
    out.emplace_back(prefix + "ssl.client.auth", "required");
    if (listener.own) continue;
    out.emplace_back(prefix + "ssl.truststore.type", "PEM");
    out.emplace_back(prefix + "ssl.truststore.location", certificate_path("clients-ca.pem"));
    // User:<account>; whoever has a name that no account can have is not let in.
    out.emplace_back(prefix + "ssl.principal.mapping.rules", "RULE:^CN=([-a-z0-9.]+)$/$1/");
  }
  if (pool.has(api::Role::kBroker)) out.emplace_back("listener.name.probe.num.network.threads", "1");
}

void add_security(Properties& out, const Layout& layout, const api::NodePool& pool) {
  for (const KafkaListener& listener : listeners(layout, pool)) {
    if (!listener.scram()) continue;
    const std::string prefix = "listener.name." + lower(listener.name) + ".";
    out.emplace_back(prefix + "sasl.enabled.mechanisms", listener.authentication);
    out.emplace_back(prefix + lower(listener.authentication) + ".sasl.jaas.config",
                     "org.apache.kafka.common.security.scram.ScramLoginModule required;");
  }
  const auto& authorization = layout.kafka().authorization;
  if (!authorization) return;
  std::vector<std::string> users{"User:CN=" + std::string(kNodeName), "User:CN=" + std::string(kOperatorName)};
  for (const std::string& user : authorization->super_users) {
    users.push_back(user);
    // Whether it is an account or not: one that becomes one later must not need a restart.
    if (user.find('=') == std::string::npos) users.push_back(api::users_of(user)[1]);
  }
  out.emplace_back("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
  out.emplace_back("super.users", join(users, ";"));
}

// The same on every node: a topic's defaults come from the broker that is asked or from the active controller. A
// min.insync.replicas of the whole cluster is taken from the controllers when it is born (KIP-966).
void add_defaults(Properties& out, const Layout& layout) {
  const int replicas = std::min(3, layout.count(api::Role::kBroker));
  const std::string factor = std::to_string(replicas), in_sync = std::to_string(std::max(1, replicas - 1));
  out.emplace_back("auto.create.topics.enable", "false");
  out.emplace_back("default.replication.factor", factor);
  out.emplace_back("min.insync.replicas", in_sync);
  out.emplace_back("offsets.topic.replication.factor", factor);
  out.emplace_back("transaction.state.log.replication.factor", factor);
  out.emplace_back("transaction.state.log.min.isr", in_sync);
  out.emplace_back("share.coordinator.state.topic.replication.factor", factor);
  out.emplace_back("share.coordinator.state.topic.min.isr", in_sync);
}

}  // namespace

std::string certificate_path(const std::string& file) {
  return "/etc/penstock-tls/" + file;
}

std::string server_properties(const Layout& layout, const api::NodePool& pool) {
  Properties properties;
  add_identity(properties, layout, pool);
  add_certificates(properties, layout, pool);
  add_security(properties, layout, pool);
  add_defaults(properties, layout);
  for (const auto& [key, value] : layout.kafka().config) {
    const auto same = std::ranges::find(properties, key, &Properties::value_type::first);
    if (same != properties.end()) {
      same->second = value;
    } else {
      properties.emplace_back(key, value);
    }
  }
  return print_properties(properties);
}

std::string format_options(const Layout& layout, const api::NodePool& pool, const std::set<int>& settled) {
  std::string voters;
  for (const Node& node : layout.nodes()) {
    const auto directory = layout.ids().directories.find(std::to_string(node.id));
    if (directory == layout.ids().directories.end()) continue;
    voters += (voters.empty() ? "" : ",") + directory->first + "@" + layout.address(node.host, kControllerPort) + ":" +
              directory->second;
  }
  std::string out;
  for (const Node& node : layout.nodes()) {
    if (node.pool != &pool) continue;
    const std::string id = std::to_string(node.id);
    const bool first_voter = layout.ids().directories.contains(id) && !settled.contains(node.id);
    out.append(id).append(first_voter ? " --initial-controllers " + voters : " --no-initial-controllers").append("\n");
  }
  return out;
}

}  // namespace penstock::op::platform
