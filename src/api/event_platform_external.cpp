#include "event_platform_json.hpp"

#include <array>
#include <charconv>

namespace penstock::api {

namespace {

constexpr std::array<std::string_view, 3> kMechanisms{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
constexpr std::array<std::string_view, 4> kSelectorOperators{"In", "NotIn", "Exists", "DoesNotExist"};

bool is_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == 0 || colon == std::string::npos || text.find_first_of(", \t\n") != std::string::npos) return false;
  int port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  return error == std::errc{} && stop == end && port > 0 && port < 65536;
}

ExternalKafka::Tls read_tls(const Field& f) {
  ExternalKafka::Tls tls;
  if (const Field ca = f["caSecretRef"]; ca.present()) {
    tls.ca.emplace(SecretKeyRef{"", "ca.crt"});
    ca["name"].required().read(tls.ca->name);
    ca["key"].read(tls.ca->key);
  }
  if (const Field client = f["clientCertificateSecretRef"]; client.present())
    client["name"].required().read(tls.client_certificate_secret.emplace());
  return tls;
}

ExternalKafka::Sasl read_sasl(const Field& f) {
  ExternalKafka::Sasl sasl;
  f["mechanism"].required().read(sasl.mechanism);
  if (f["mechanism"].present() && std::ranges::find(kMechanisms, sasl.mechanism) == kMechanisms.end())
    f["mechanism"].wrong("must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512");
  f["secretRef"].required()["name"].required().read(sasl.secret);
  return sasl;
}

// A selector that is not understood must select nothing, never everything: it is an error.
void check_selector(const Field& f) {
  StringMap labels;
  f["matchLabels"].read(labels);
  f["matchExpressions"].for_each([&](const Field& item) {
    std::string key, op;
    Strings values;
    item["key"].required().read(key);
    item["operator"].required().read(op);
    item["values"].read(values);
    if (std::ranges::find(kSelectorOperators, op) == kSelectorOperators.end())
      item["operator"].wrong("must be one of In, NotIn, Exists, DoesNotExist");
    else if ((op == "In" || op == "NotIn") == values.empty())
      item["values"].wrong("must be given for In and NotIn only");
  });
}

}  // namespace

ExternalKafka read_external(const Field& f) {
  ExternalKafka external;
  f["bootstrapServers"].required().for_each([&](const Field& item) {
    item.required().read(external.bootstrap_servers.emplace_back());
    if (!is_address(external.bootstrap_servers.back())) item.wrong("must be host:port");
  });
  if (f["bootstrapServers"].present() && external.bootstrap_servers.empty())
    f["bootstrapServers"].wrong("must not be empty");
  if (f["tls"].present()) external.tls = read_tls(f["tls"]);
  if (f["sasl"].present()) external.sasl = read_sasl(f["sasl"]);
  if (external.sasl && external.sasl->mechanism == "PLAIN" && !external.tls)
    f["tls"].wrong("must be set with the mechanism PLAIN: it sends the password as it is");
  return external;
}

Json print_external(const ExternalKafka& external) {
  Json out{{"bootstrapServers", external.bootstrap_servers}};
  if (const auto& tls = external.tls) {
    out["tls"] = Json::object();
    if (tls->ca) out["tls"]["caSecretRef"] = {{"name", tls->ca->name}, {"key", tls->ca->key}};
    if (tls->client_certificate_secret)
      out["tls"]["clientCertificateSecretRef"] = {{"name", *tls->client_certificate_secret}};
  }
  if (const auto& sasl = external.sasl)
    out["sasl"] = {{"mechanism", sasl->mechanism}, {"secretRef", {{"name", sasl->secret}}}};
  return out;
}

NamespaceRule read_namespace_rule(const Field& f) {
  NamespaceRule rule;
  const Field selector = f["selector"].required();
  selector.read_object(rule.selector);
  check_selector(selector);
  f["topicPrefixes"].read(rule.topic_prefixes);
  f["groupPrefixes"].read(rule.group_prefixes);
  return rule;
}

Json print_namespace_rule(const NamespaceRule& rule) {
  Json out{{"selector", rule.selector}};
  put(out, "topicPrefixes", rule.topic_prefixes);
  put(out, "groupPrefixes", rule.group_prefixes);
  return out;
}

}  // namespace penstock::api
