#include "event_platform_json.hpp"

#include <penstock/base/quantity.hpp>

#include <algorithm>
#include <array>

namespace penstock::api {

namespace {

constexpr int kMostNodes = 100, kMostNodeId = 9999;
constexpr int kLeastPort = 1024, kMostPort = 65535;  // below 1024 a process needs a privilege
constexpr int kProbePort = 9089, kControllerPort = 9090, kInternalPort = 9091;
constexpr Duration kLeastValidity = 1h, kLongestValidity = 366 * 24h;

// Settings that follow from the rest of the resource: a second opinion in `config` would break the cluster.
constexpr std::array<std::string_view, 22> kReservedConfig{"advertised.",      "authorizer.",
                                                           "broker.id",        "broker.rack",
                                                           "cluster.id",       "config.providers",
                                                           "controller.",      "early.start.",
                                                           "inter.broker.",    "listener.",
                                                           "listeners",        "log.dir",
                                                           "metadata.log.dir", "metric.reporters",
                                                           "node.id",          "principal.builder.",
                                                           "process.roles",    "sasl.",
                                                           "security.",        "ssl.",
                                                           "super.users",      "zookeeper."};

constexpr std::array<std::string_view, 4> kAuthentications{"None", "SCRAM-SHA-256", "SCRAM-SHA-512", kMutualTls};
constexpr std::size_t kMostAccountName = 40;

constexpr std::array<std::pair<Role, std::string_view>, 2> kRoles{{
    {Role::kController, "controller"},
    {Role::kBroker, "broker"},
}};
constexpr std::array<std::pair<Reclaim, std::string_view>, 2> kReclaims{{
    {Reclaim::kRetain, "Retain"},
    {Reclaim::kDelete, "Delete"},
}};

// With every amount as text, whichever way it was written.
Json read_resources(const Field& f) {
  Json out = Json::object();
  for (const auto* kind : {"requests", "limits"}) {
    StringMap amounts;
    f[kind].read(amounts);
    for (const auto& [name, amount] : amounts)
      if (!parse_quantity(amount)) f[kind][name].wrong("must be a quantity such as 500m or 2Gi");
    put(out, kind, amounts);
  }
  return out;
}

NodePool read_pool(const Field& f) {
  NodePool pool;
  f["name"].required().read(pool.name);
  f["roles"].required().for_each(
      [&](const Field& item) { item.required().read(pool.roles.emplace_back(), Names<Role>(kRoles)); });
  std::ranges::sort(pool.roles);
  const auto twins = std::ranges::unique(pool.roles);
  pool.roles.erase(twins.begin(), twins.end());
  if (f["roles"].present() && pool.roles.empty()) f["roles"].wrong("must not be empty");
  f["replicas"].required().read(pool.replicas, 1, kMostNodes);
  f["nodeIdStart"].required().read(pool.node_id_start, 0, kMostNodeId);
  const Field storage = f["storage"].required();
  if (storage.present()) storage["size"].required().read_quantity(pool.storage.size);
  storage["storageClassName"].read(pool.storage.storage_class_name);
  storage["reclaim"].read(pool.storage.reclaim, Names<Reclaim>(kReclaims));
  pool.resources = read_resources(f["resources"]);
  f["heap"].read_quantity(pool.heap);
  return pool;
}

Listener read_listener(const Field& f) {
  Listener listener;
  f["name"].required().read(listener.name);
  f["port"].required().read(listener.port, kLeastPort, kMostPort);
  f["tls"].required().read(listener.tls);
  f["authentication"].required()["type"].required().read(listener.authentication);
  if (listener.port >= kProbePort && listener.port <= kInternalPort)
    f["port"].wrong("must not be 9089, 9090 or 9091: the cluster itself listens there");
  if (std::ranges::find(kAuthentications, listener.authentication) == kAuthentications.end())
    f["authentication"]["type"].wrong("must be one of None, SCRAM-SHA-256, SCRAM-SHA-512, mTLS");
  if (listener.authentication == kMutualTls && !listener.tls)
    f["tls"].wrong("must be true with the authentication mTLS");
  return listener;
}

CertificateTerms read_terms(const Field& f) {
  CertificateTerms terms;
  f["validity"].read(terms.validity);
  f["renewBefore"].read(terms.renew_before);
  if (terms.validity < kLeastValidity || terms.validity > kLongestValidity)
    f["validity"].wrong("must be at least 1h and at most 366d");
  if (terms.renew_before >= terms.validity) f["renewBefore"].wrong("must be less than validity");
  return terms;
}

Authorization read_authorization(const Field& f) {
  Authorization authorization;
  std::string type;
  f["type"].required().read(type);
  if (!type.empty() && type != "Simple") f["type"].wrong("must be Simple");
  f["superUsers"].read(authorization.super_users);
  for (const std::string& user : authorization.super_users)
    if (!user.starts_with("User:") || user.size() < 6 || user.find(';') != std::string::npos)
      f["superUsers"].wrong("must name principals that read User:<name>, without a semicolon");
  return authorization;
}

// As the schema has it.
std::string print_whole(Duration time) {
  if (time % 24h == 0s) return std::to_string(time / 24h) + "d";
  return time % 1h == 0s ? std::to_string(time / 1h) + "h" : std::to_string(time / 1min) + "m";
}

bool is_reserved(const std::string& key) {
  return std::ranges::any_of(kReservedConfig, [&](std::string_view prefix) { return key.starts_with(prefix); });
}

bool overlap(const NodePool& a, const NodePool& b) {
  return a.node_id_start < b.node_id_start + b.replicas && b.node_id_start < a.node_id_start + a.replicas;
}

}  // namespace

bool NodePool::has(Role role) const {
  return std::ranges::find(roles, role) != roles.end();
}

ManagedKafka read_managed(const Field& f) {
  ManagedKafka kafka;
  f["version"].required().read(kafka.version);
  f["image"].read(kafka.image);
  f["nodePools"].required().for_each([&](const Field& item) { kafka.node_pools.push_back(read_pool(item)); });
  f["listeners"].required().for_each([&](const Field& item) { kafka.listeners.push_back(read_listener(item)); });
  f["config"].read(kafka.config);
  kafka.certificates = read_terms(f["certificates"]);
  if (f["authorization"].present()) kafka.authorization = read_authorization(f["authorization"]);
  for (const auto& entry : kafka.config)
    if (is_reserved(entry.first))
      f["config"].wrong("must not set " + clipped(entry.first, 64) + ": it follows from the rest of the EventPlatform");
  if (f.present()) check_managed(kafka, f);
  return kafka;
}

Account read_account(const Field& f) {
  Account account;
  f["name"].required().read(account.name);
  f["authentication"].required()["type"].required().read(account.authentication);
  f["rotation"]["every"].read(account.rotation_every);
  f["rotation"]["overlap"].read(account.rotation_overlap);
  if (account.name.size() > kMostAccountName || account.name.ends_with(".b"))
    f["name"].wrong("must have at most 40 characters and not end in .b: that is the account's second user");
  if (account.name == "tls" || account.name.ends_with("-tls"))
    f["name"].wrong("must not end in -tls: the Secrets of node pools have such names");
  if (account.rotation_every && *account.rotation_every <= account.rotation_overlap)
    f["rotation"]["overlap"].wrong("must be less than rotation.every");
  return account;
}

void check_accounts(const EventPlatformSpec& spec, const Field& at) {
  if (!spec.accounts.empty() && !spec.kafka) at.wrong("must only be set beside kafka");
  std::set<std::string> names;
  for (const Account& account : spec.accounts) {
    if (!names.insert(account.name).second) at.wrong("must not have two named " + account.name);
    const bool served =
        !spec.kafka || std::ranges::count(spec.kafka->listeners, account.authentication, &Listener::authentication) > 0;
    if (account.authentication == "None" || !served)
      at.wrong("must log in as a listener asks for: " + account.name + " has " + account.authentication);
  }
}

void check_managed(const ManagedKafka& kafka, const Field& at) {
  int controllers = 0, brokers = 0;
  for (std::size_t i = 0; i < kafka.node_pools.size(); ++i) {
    const NodePool& pool = kafka.node_pools[i];
    if (pool.has(Role::kController)) controllers += pool.replicas;
    if (pool.has(Role::kBroker)) brokers += pool.replicas;
    for (std::size_t j = 0; j < i; ++j) {
      const NodePool& other = kafka.node_pools[j];
      if (pool.name == other.name) at["nodePools"].wrong("must not have two pools named " + pool.name);
      if (overlap(pool, other))
        at["nodePools"].wrong("must not overlap in node ids: " + other.name + " and " + pool.name);
    }
  }
  if (controllers != 1 && controllers != 3 && controllers != 5)
    at["nodePools"].wrong("must have 1, 3 or 5 controllers in total, not " + std::to_string(controllers));
  if (brokers == 0) at["nodePools"].wrong("must have at least one pool with the role broker");
  std::set<int> ports;
  std::set<std::string> names;
  for (const auto& listener : kafka.listeners) {
    if (!ports.insert(listener.port).second)
      at["listeners"].wrong("must not use port " + std::to_string(listener.port) + " twice");
    if (!names.insert(listener.name).second) at["listeners"].wrong("must not have two named " + listener.name);
  }
  if (kafka.listeners.empty()) at["listeners"].wrong("must not be empty");
}

Json print_account(const Account& account) {
  Json out{{"name", account.name},
           {"authentication", {{"type", account.authentication}}},
           {"rotation", {{"overlap", print_whole(account.rotation_overlap)}}}};
  if (account.rotation_every) out["rotation"]["every"] = print_whole(*account.rotation_every);
  return out;
}

Json print_managed(const ManagedKafka& kafka) {
  Json out{{"version", kafka.version}, {"nodePools", Json::array()}, {"listeners", Json::array()}};
  put(out, "image", kafka.image);
  for (const auto& pool : kafka.node_pools) {
    Json item{{"name", pool.name}, {"replicas", pool.replicas}, {"nodeIdStart", pool.node_id_start}};
    for (const Role role : pool.roles) item["roles"].push_back(name_of(role, Names<Role>(kRoles)));
    item["storage"] = {{"size", pool.storage.size},
                       {"reclaim", name_of(pool.storage.reclaim, Names<Reclaim>(kReclaims))}};
    put(item["storage"], "storageClassName", pool.storage.storage_class_name);
    put_object(item, "resources", pool.resources);
    put(item, "heap", pool.heap);
    out["nodePools"].push_back(std::move(item));
  }
  for (const auto& listener : kafka.listeners)
    out["listeners"].push_back({{"name", listener.name},
                                {"port", listener.port},
                                {"tls", listener.tls},
                                {"authentication", {{"type", listener.authentication}}}});
  put(out, "config", kafka.config);
  if (kafka.authorization) {
    out["authorization"] = {{"type", "Simple"}};
    put(out["authorization"], "superUsers", kafka.authorization->super_users);
  }
  out["certificates"] = {{"validity", print_whole(kafka.certificates.validity)},
                         {"renewBefore", print_whole(kafka.certificates.renew_before)}};
  return out;
}

}  // namespace penstock::api
