#include "crd.hpp"

#include <algorithm>
#include <set>

namespace penstock::test {

namespace {

// Every value worth trying for a leaf.
std::vector<Json> candidates(const Json& schema) {
  std::vector<Json> out;
  if (schema.contains("enum")) return schema.at("enum");
  if (schema.contains("example")) out.push_back(schema.at("example"));
  if (schema.contains("default")) out.push_back(schema.at("default"));
  const std::string type = schema.value("type", "");
  if (type == "boolean") return {true, false};
  if (type == "integer") {
    for (const auto* bound : {"minimum", "maximum"})
      if (schema.contains(bound)) out.push_back(schema.at(bound));
    const auto least = schema.value("minimum", std::int64_t{0});
    out.push_back(std::min<std::int64_t>(least + 7, schema.value("maximum", least + 7)));
  }
  if (schema.value("format", "") == "date-time") return {"2026-01-02T03:04:05Z", "1999-12-31T23:59:59Z"};
  const bool free = !schema.contains("pattern") && !schema.contains("x-kubernetes-validations");
  if (type == "string" && free && !schema.contains("example")) {
    const auto longest = schema.value("maxLength", std::size_t{16});
    out.insert(out.end(), {"x", "größe ☃ \"{}\\", std::string(std::min<std::size_t>(longest, 5000), 'y')});
    if (schema.value("minLength", 0) == 0) out.push_back("");
  }
  if (schema.value("x-kubernetes-int-or-string", false) && !schema.contains("pattern")) {
    out.push_back(-1);
    out.push_back("false");
    out.push_back(std::int64_t{9'007'199'254'740'993});
  }
  if (schema.value("x-kubernetes-int-or-string", false) && schema.contains("pattern")) out.push_back(3);
  return out;
}

}  // namespace

std::size_t Generator::below(std::size_t limit) {
  return kind_ == Kind::kRandom ? std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_) : variant_ % limit;
}

Json Generator::make(const Json& schema) {
  const std::string type = schema.value("type", "");
  if (type == "object") return make_object(schema);
  if (type == "array") return make_list(schema);
  const auto values = candidates(schema);
  if (values.empty()) throw std::runtime_error("no value fits " + schema.dump());
  return values[below(values.size())];
}

Json Generator::make_object(const Json& schema) {
  Json out = Json::object();
  const Json required = schema.value("required", Json::array());
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items()) {
    const bool needed = std::ranges::find(required, Json(name)) != required.end();
    if (needed || kind_ == Kind::kFull || (kind_ == Kind::kRandom && below(2) == 0)) out[name] = make(property);
  }
  if (schema.contains("additionalProperties") && kind_ != Kind::kMinimal)
    for (const auto* key : {"0", "some.key", "ключ"}) out[key] = make(schema.at("additionalProperties"));
  return out;
}

Json Generator::make_list(const Json& schema) {
  const auto least = schema.value("minItems", std::size_t{0});
  const auto most = schema.value("maxItems", std::size_t{3});
  std::size_t size = kind_ == Kind::kMinimal ? least : std::min<std::size_t>(most, std::max<std::size_t>(least, 1));
  if (kind_ == Kind::kRandom) size = least + below(std::min<std::size_t>(most - least, 3) + 1);
  Json out = Json::array();
  for (std::size_t i = 0; i < size; ++i) out.push_back(make(schema.at("items")));
  if (schema.value("x-kubernetes-list-type", "") == "set") {
    std::vector<Json> unique;
    for (const auto& item : out)
      if (std::ranges::find(unique, item) == unique.end()) unique.push_back(item);
    out = unique;
  }
  if (schema.value("x-kubernetes-list-type", "") == "map") {
    std::set<Json> keys;
    std::vector<Json> unique;
    for (const auto& item : out) {
      Json key = Json::array();
      for (const auto& name : schema.at("x-kubernetes-list-map-keys")) key.push_back(item.at(name.get<std::string>()));
      if (keys.insert(key).second) unique.push_back(item);
    }
    out = unique;
  }
  return out;
}

namespace {

void keep_kafka_rules(Json& kafka) {
  Json& pools = kafka["nodePools"];
  pools[0]["roles"] = {"controller", "broker"};
  pools[0]["replicas"] = pools[0]["replicas"] == 100 ? 5 : 3;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    pools[i]["nodeIdStart"] = 1000 * i + (pools[0]["replicas"] == 5 ? 0 : 7);
    if (i > 0) pools[i]["roles"] = {"broker"};
  }
  int port = 9092;
  for (auto& listener : kafka["listeners"]) {
    listener["tls"] = true;
    listener["port"] = port++;
  }
}

void keep_platform_rules(Json& spec, unsigned variant) {
  if (spec.contains("kafka") && spec.contains("external")) spec.erase(variant % 2 == 0 ? "kafka" : "external");
  if (!spec.contains("kafka") && !spec.contains("external")) spec["external"] = {{"bootstrapServers", {"kafka:9092"}}};
  if (spec.contains("kafka")) keep_kafka_rules(spec["kafka"]);
  if (spec.contains("accounts") && !spec.contains("kafka")) spec.erase("accounts");
  if (spec.contains("accounts"))
    for (auto& account : spec["accounts"])
      spec["kafka"]["listeners"][0]["authentication"] = account["authentication"] =
          spec["accounts"][0]["authentication"];
  if (spec.contains("external") && spec["external"].contains("sasl") && !spec["external"].contains("tls"))
    spec["external"]["sasl"]["mechanism"] = "SCRAM-SHA-256";
  if (!spec.contains("allowedNamespaces")) return;
  for (auto& rule : spec["allowedNamespaces"])
    if (rule["selector"].contains("matchExpressions"))
      for (auto& expression : rule["selector"]["matchExpressions"]) {
        const bool listed = expression["operator"] == "In" || expression["operator"] == "NotIn";
        if (listed) expression["values"] = {"a", "b"};
        if (!listed) expression.erase("values");
      }
}

}  // namespace

Json keep_rules(std::string_view kind, Json object, unsigned variant) {
  object["apiVersion"] = "penstock.dev/v1alpha1";
  object["kind"] = kind;
  object["metadata"] = {{"name", "generated"}, {"namespace", "default"}};
  Json& spec = object["spec"];
  if (kind == "EventPlatform") keep_platform_rules(spec, variant);
  if (kind == "Topic" && spec.contains("access"))
    for (auto& access : spec["access"]) {
      if (access["role"] != "Consumer") access.erase("groups");
      if (access["role"] != "Producer") access.erase("transactionalIdPrefix");
    }
  if (kind == "ConsumerScaler" && spec.contains("maxReplicas") &&
      spec.value("minReplicas", 1) > spec["maxReplicas"].get<int>())
    spec["minReplicas"] = spec["maxReplicas"];
  if (kind == "ConsumerScaler" && !spec.contains("lagThreshold") && !spec.contains("delayThreshold"))
    spec[variant % 2 == 0 ? "lagThreshold" : "delayThreshold"] = variant % 2 == 0 ? Json(1000) : Json("30s");
  return object;
}

}  // namespace penstock::test
