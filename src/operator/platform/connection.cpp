#include <penstock/base/base64.hpp>
#include <penstock/operator/platform/observe.hpp>

#include <algorithm>
#include <array>

namespace penstock::op::platform {
namespace {

constexpr Duration kAskTimeout = 8s;
// A name that no topic has: whether its configuration may be asked for shows in the kind of refusal.
constexpr std::string_view kNoTopic = "penstock.capability.probe";

class SecretReader {
 public:
  SecretReader(const k8s::Client& client, std::string ns, std::stop_token stop)
      : client_(client), ns_(std::move(ns)), stop_(std::move(stop)) {}

  Result<std::string> text(const std::string& name, const std::string& key) {
    const std::string where = "Secret " + ns_ + "/" + name;
    auto& secret = secrets_[name];
    if (secret.is_null()) {
      const auto found = client_.find(k8s::kinds::kSecret, {ns_, name}, stop_);
      if (!found) return fail("reading " + where, found.error());
      if (!*found) return fail(Code::kNotFound, where + " does not exist: create it with the key " + key);
      secret = **found;
    }
    const Json data = secret.value("data", Json::object());
    if (!data.contains(key) || !data[key].is_string()) return fail(Code::kNotFound, where + " has no key " + key);
    auto decoded = decode_base64(data[key].get<std::string>());
    if (!decoded || decoded->empty()) return fail(Code::kInvalid, where + ", key " + key + ", is empty or not base64");
    return *decoded;
  }

 private:
  const k8s::Client& client_;
  std::string ns_;
  std::stop_token stop_;
  std::map<std::string, Json> secrets_;
};

struct Wanted {
  std::string secret, key;
  std::string* into;
};

// What a cluster refuses because it is too old or because we may not is an answer; anything else is not.
std::optional<bool> can(const Error& error) {
  if (error.code == Code::kUnsupported || error.code == Code::kForbidden) return false;
  if (error.code == Code::kNotFound) return true;
  return std::nullopt;
}

// librdkafka (2.8) loses the error of DescribeAcls: a cluster without an authorizer looks like one without ACLs. The
// removal of a binding that nobody has changes nothing, and its error comes through.
std::optional<bool> can_alter_acls(kafka::Cluster& cluster) {
  kafka::AclBinding nobody;
  nobody.name = nobody.principal = kNoTopic;
  nobody.principal.insert(0, "User:");
  const auto done = cluster.delete_acls({nobody}, kAskTimeout);
  if (!done) return can(done.error());
  const auto item = done->find(nobody.to_string());
  if (item == done->end()) return std::nullopt;
  return item->second ? std::optional(true) : can(item->second.error());
}

std::optional<std::vector<std::string>> capabilities(kafka::Cluster& cluster) {
  std::vector<std::string> out{"offsets", "topics"};
  const auto acls = can_alter_acls(cluster);
  const std::string topic(kNoTopic);
  const auto configs = cluster.topic_configs({topic}, kAskTimeout);
  std::optional<bool> has_configs;
  if (!configs) {
    has_configs = can(configs.error());
  } else if (const auto item = configs->find(topic); item != configs->end()) {
    has_configs = item->second ? std::optional(true) : can(item->second.error());
  }
  if (!acls || !has_configs) return std::nullopt;
  if (*acls) out.emplace_back("acls");
  if (*has_configs) out.emplace_back("configs");
  std::ranges::sort(out);
  return out;
}

}  // namespace

Result<kafka::Connection> external_connection(const api::EventPlatform& platform, const k8s::Client& client,
                                              std::stop_token stop) {
  const api::ExternalKafka& external = *platform.spec.external;
  SecretReader secrets(client, platform.meta.ns, std::move(stop));
  kafka::Connection out;
  for (const auto& server : external.bootstrap_servers)
    out.bootstrap_servers += (out.bootstrap_servers.empty() ? "" : ",") + server;
  std::vector<Wanted> wanted;
  if (external.tls) {
    out.tls = true;
    if (const auto& ca = external.tls->ca) wanted.push_back({ca->name, ca->key, &out.certificate_authority});
    if (const auto& certificate = external.tls->client_certificate_secret) {
      wanted.push_back({*certificate, "tls.crt", &out.client_certificate});
      wanted.push_back({*certificate, "tls.key", &out.client_key});
    }
  }
  if (external.sasl) {
    out.sasl.emplace().mechanism = external.sasl->mechanism;
    wanted.push_back({external.sasl->secret, "username", &out.sasl->username});
    wanted.push_back({external.sasl->secret, "password", &out.sasl->password});
  }
  for (const Wanted& want : wanted) {
    auto text = secrets.text(want.secret, want.key);
    if (!text) return std::unexpected(text.error());
    *want.into = std::move(*text);
  }
  return out;
}

Result<Answer> probe(Connections::Line& line) {
  const auto info = line.cluster->describe(kAskTimeout);
  if (!info) return std::unexpected(info.error());
  if (info->cluster_id.empty())
    return fail(Code::kUnsupported, "the cluster does not say its id: it is older than Kafka 0.10.1");
  if (!line.capabilities) line.capabilities = capabilities(*line.cluster);
  return Answer{info->cluster_id, static_cast<int>(info->brokers.size()),
                line.capabilities.value_or(std::vector<std::string>{"topics"})};
}

Result<std::shared_ptr<Connections::Line>> Connections::get(const k8s::ObjectKey& key,
                                                            const kafka::Connection& connection) {
  {
    std::lock_guard lock(mutex_);
    const auto found = lines_.find(key);
    if (found != lines_.end() && found->second->connection == connection) return found->second;
  }
  auto cluster = open_(connection, "penstock-operator");
  if (!cluster) return std::unexpected(cluster.error());
  auto line = std::make_shared<Line>(Line{connection, std::move(*cluster), std::nullopt});
  std::shared_ptr<Line> old;  // closes after the lock is given back
  std::lock_guard lock(mutex_);
  old = std::exchange(lines_[key], line);
  return line;
}

void Connections::forget(const k8s::ObjectKey& key) {
  std::shared_ptr<Line> old;
  std::lock_guard lock(mutex_);
  if (const auto found = lines_.find(key); found != lines_.end()) {
    old = found->second;
    lines_.erase(found);
  }
}

}  // namespace penstock::op::platform
