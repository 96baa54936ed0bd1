#include <penstock/base/base64.hpp>
#include <penstock/base/hash.hpp>
#include <penstock/kafka/platform_view.hpp>

#include <algorithm>

namespace penstock::kafka {
namespace {

bool starts_with_one_of(std::string_view name, const std::vector<std::string>& prefixes) {
  return prefixes.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) { return name.starts_with(prefix); });
}

std::unexpected<Error> wrong(const std::string& key, const std::string& why) {
  return fail(Code::kInvalid, "platform view: `" + key + "` " + why, Retry::never());
}

Result<std::string> text_of(const Json& secret, const std::string& key) {
  const auto data = secret.find("data");
  if (data == secret.end() || !data->is_object()) return wrong("data", "is missing");
  const auto found = data->find(key);
  if (found == data->end() || !found->is_string()) return wrong(key, "is missing");
  auto text = decode_base64(found->get_ref<const std::string&>());
  if (!text) return wrong(key, "is not base64");
  return std::move(*text);
}

Result<Json> json_of(const Json& secret, const std::string& key) {
  const auto text = text_of(secret, key);
  if (!text) return std::unexpected(text.error());
  Json value = Json::parse(*text, nullptr, false);
  if (value.is_discarded()) return wrong(key, "is not JSON");
  return value;
}

Json print_connection(const Connection& connection) {
  Json json{{"bootstrapServers", connection.bootstrap_servers},
            {"tls", connection.tls},
            {"certificateAuthority", connection.certificate_authority},
            {"clientCertificate", connection.client_certificate},
            {"clientKey", connection.client_key}};
  if (connection.sasl)
    json["sasl"] = {{"mechanism", connection.sasl->mechanism},
                    {"username", connection.sasl->username},
                    {"password", connection.sasl->password},
                    {"token", connection.sasl->token}};
  return json;
}

Connection read_connection(const Json& json) {
  Connection connection;
  connection.bootstrap_servers = json.at("bootstrapServers");
  connection.tls = json.value("tls", false);
  connection.certificate_authority = json.value("certificateAuthority", "");
  connection.client_certificate = json.value("clientCertificate", "");
  connection.client_key = json.value("clientKey", "");
  if (const auto sasl = json.find("sasl"); sasl != json.end())
    connection.sasl = Sasl{sasl->at("mechanism"), sasl->at("username"), sasl->at("password"), sasl->value("token", "")};
  return connection;
}

std::vector<PlatformView::Allowed> read_allowed(const Json& json) {
  std::vector<PlatformView::Allowed> allowed;
  for (const Json& item : json)
    allowed.push_back({item.at("namespace"), item.value("topicPrefixes", std::vector<std::string>{}),
                       item.value("groupPrefixes", std::vector<std::string>{})});
  return allowed;
}

}  // namespace

Result<void> PlatformView::may_read(std::string_view who, std::string_view group,
                                    const std::vector<std::string>& topics) const {
  if (who == ns) return {};
  const std::string platform = "EventPlatform " + ns + "/" + name;
  const auto allows = [&](const Allowed& rule) {
    if (rule.ns != who || !starts_with_one_of(group, rule.group_prefixes)) return false;
    if (topics.empty()) return rule.topic_prefixes.empty();
    return std::all_of(topics.begin(), topics.end(),
                       [&](const auto& topic) { return starts_with_one_of(topic, rule.topic_prefixes); });
  };
  if (std::any_of(allowed.begin(), allowed.end(), allows)) return {};
  const bool known = std::any_of(allowed.begin(), allowed.end(), [&](const Allowed& rule) { return rule.ns == who; });
  if (!known)
    return fail(Code::kForbidden,
                platform + " does not allow the namespace " + std::string(who) + ": add it to `allowedNamespaces`");
  return fail(Code::kForbidden, platform + " allows the namespace " + std::string(who) +
                                    " other groups and topics only: see the prefixes in `allowedNamespaces`");
}

std::string platform_view_name(std::string_view ns, std::string_view name) {
  return "penstock-view-" + stable_hash(std::string(ns) + "/" + std::string(name));
}

Json print_platform_view(const PlatformView& view) {
  Json allowed = Json::array();
  for (const auto& rule : view.allowed)
    allowed.push_back(
        {{"namespace", rule.ns}, {"topicPrefixes", rule.topic_prefixes}, {"groupPrefixes", rule.group_prefixes}});
  return {{"platform", encode_base64(view.ns + "/" + view.name)},
          {"uid", encode_base64(view.uid)},
          {"clusterId", encode_base64(view.cluster_id)},
          {"connection", encode_base64(print_connection(view.connection).dump())},
          {"allowed", encode_base64(allowed.dump())},
          {"unsettled", encode_base64(view.unsettled ? "true" : "false")}};
}

Result<PlatformView> parse_platform_view(const Json& secret) {
  PlatformView view;
  const auto platform = text_of(secret, "platform");
  if (!platform) return std::unexpected(platform.error());
  const std::size_t slash = platform->find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == platform->size())
    return wrong("platform", "must be namespace/name");
  view.ns = platform->substr(0, slash);
  view.name = platform->substr(slash + 1);
  // Absent is empty, as a Secret drops what is empty.
  view.uid = text_of(secret, "uid").value_or("");
  view.cluster_id = text_of(secret, "clusterId").value_or("");
  view.unsettled = text_of(secret, "unsettled").value_or("") == "true";
  const auto connection = json_of(secret, "connection");
  if (!connection) return std::unexpected(connection.error());
  const auto allowed = json_of(secret, "allowed");
  if (!allowed) return std::unexpected(allowed.error());
  if (!allowed->is_array()) return wrong("allowed", "must be a list");
  try {
    view.connection = read_connection(*connection);
  } catch (const Json::exception&) {  // its text may hold the value
    return wrong("connection", "has a field that is missing or of another type");
  }
  try {
    view.allowed = read_allowed(*allowed);
  } catch (const Json::exception&) {
    return wrong("allowed", "has a field that is missing or of another type");
  }
  if (view.connection.bootstrap_servers.empty()) return wrong("connection", "names no bootstrap server");
  return view;
}

}  // namespace penstock::kafka
