// What the API server would refuse is refused here too, in words: the CRD on the cluster may be another version's.
#include "crd.hpp"
#include "kinds.hpp"

#include <limits>
#include <random>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::test;

namespace {

Json sample(std::string_view kind) {
  if (kind == "Topic")
    return {
        {"apiVersion", "penstock.dev/v1alpha1"},
        {"kind", "Topic"},
        {"metadata", {{"name", "orders"}}},
        {"spec", {{"platformRef", {{"name", "main"}}}, {"access", {{{"principal", "User:a"}, {"role", "Consumer"}}}}}}};
  if (kind == "ConsumerScaler")
    return {{"metadata", {{"name", "billing"}}},
            {"spec",
             {{"platformRef", {{"name", "main"}}},
              {"scaleTargetRef", {{"name", "billing"}}},
              {"consumerGroup", "billing"},
              {"lagThreshold", 10}}}};
  return {{"metadata", {{"name", "main"}}},
          {"spec",
           {{"kafka",
             {{"version", "4.3.1"},
              {"nodePools",
               {{{"name", "nodes"},
                 {"roles", {"controller", "broker"}},
                 {"replicas", 3},
                 {"nodeIdStart", 0},
                 {"storage", {{"size", "10Gi"}}}}}},
              {"listeners",
               {{{"name", "plain"}, {"port", 9092}, {"tls", false}, {"authentication", {{"type", "None"}}}}}}}}}}};
}

struct Case {
  std::string kind, pointer, value;  // value in JSON
  std::string said;
};

const std::vector<Case> kCases{
    {"Topic", "/kind", R"("Secret")", "kind: must be Topic of penstock.dev/v1alpha1"},
    {"Topic", "/metadata/name", "null", "metadata.name: must be set"},
    {"Topic", "/spec", "null", "spec: must be set"},
    {"Topic", "/spec", "[]", "spec: must be an object"},
    {"Topic", "/spec/platformRef", R"("main")", "spec.platformRef: must be an object"},
    {"Topic", "/spec/platformRef/name", "7", "spec.platformRef.name: must be a string"},
    {"Topic", "/spec/partitions", "0", "spec.partitions: must be a whole number from 1 to 100000"},
    {"Topic", "/spec/partitions", "1.5", "spec.partitions: must be a whole number"},
    {"Topic", "/spec/partitions", "1e300", "spec.partitions: must be a whole number"},
    {"Topic", "/spec/partitions", "18446744073709551615", "spec.partitions: must be a whole number"},
    {"Topic", "/spec/replicas", R"("3")", "spec.replicas: must be a whole number from 1 to 32767"},
    {"Topic", "/spec/topicName", R"("größe")", "spec.topicName: must be a Kafka topic name"},
    {"Topic", "/spec/topicName", R"("..")", "spec.topicName: must be a Kafka topic name"},
    {"Topic", "/spec/topicName", R"("__consumer_offsets")", "must not begin with two underscores"},
    {"Topic", "/spec/config", R"({"a": {}})", "spec.config[a]: must be a string, a number or a boolean"},
    {"Topic", "/spec/deletionPolicy", R"("Keep")", "spec.deletionPolicy: must be one of Retain, Delete"},
    {"Topic", "/spec/access", "{}", "spec.access: must be a list"},
    {"Topic", "/spec/access/0", "null", "spec.access[0].principal: must be set"},
    {"Topic", "/spec/access/0/principal", R"("User:*")", "must not be User:*"},
    {"Topic", "/spec/access/0/principal", R"("billing")", "spec.access[0].principal: must read User:<name>"},
    {"Topic", "/spec/access/0/groups", R"(["*"])", "spec.access[0].groups: must not contain *"},
    {"Topic", "/spec/access/0/transactionalIdPrefix", R"("x")", "must only be set for the role Producer"},
    {"ConsumerScaler", "/spec/lagThreshold", "-3", "spec.lagThreshold: must be a positive number"},
    {"ConsumerScaler", "/spec/lagThreshold", "null", "spec.lagThreshold: must be set where there is no delayThreshold"},
    {"ConsumerScaler", "/spec/consumerGroup", R"("")", "spec.consumerGroup: must not be empty"},
    {"ConsumerScaler", "/spec/maxReplicas", "0", "spec.maxReplicas: must be a whole number from 1"},
    {"ConsumerScaler", "/spec/minReplicas", "200000", "spec.minReplicas: must be a whole number"},
    {"ConsumerScaler", "/spec/cooldown", R"("soon")", "spec.cooldown: must be a positive duration"},
    {"ConsumerScaler", "/spec/cooldown", R"("0s")", "spec.cooldown: must be a positive duration"},
    {"ConsumerScaler", "/spec/cooldown", R"("99999d")", "spec.cooldown: must be at most 366d"},
    {"ConsumerScaler", "/spec/window", R"("2h")", "spec.window: must be at most 1h"},
    {"ConsumerScaler", "/spec/engine", R"("Manual")", "spec.engine: must be one of Auto, Native, Keda, Direct"},
    {"ConsumerScaler", "/spec/fallback", "{}", "spec.fallback.replicas: must be set"},
    {"ConsumerScaler", "/spec/hold", "3", "spec.hold: must be an object"},
    {"ConsumerScaler", "/spec/topics", R"(["__transaction_state"])", "spec.topics[0]: must not begin"},
    {"EventPlatform", "/spec/external", R"({"bootstrapServers": ["a:1"]})", "spec: must have exactly one of"},
    {"EventPlatform", "/spec/kafka", "null", "spec: must have exactly one of kafka and external"},
    {"EventPlatform", "/spec/kafka/nodePools/0/replicas", "2", "must have 1, 3 or 5 controllers in total, not 2"},
    {"EventPlatform", "/spec/kafka/nodePools/0/roles", R"(["controller"])", "at least one pool with the role broker"},
    {"EventPlatform", "/spec/kafka/nodePools/0/roles", R"(["boss"])", "roles[0]: must be one of controller, broker"},
    {"EventPlatform", "/spec/kafka/nodePools/0/storage/size", R"("big")", "size: must be a positive quantity"},
    {"EventPlatform", "/spec/kafka/nodePools/0/resources", R"({"limits": {"memory": "lots"}})",
     "resources.limits.memory: must be a quantity"},
    {"EventPlatform", "/spec/kafka/listeners/0/port", "9091", "must not be 9089, 9090 or 9091"},
    {"EventPlatform", "/spec/kafka/listeners/0/authentication", R"({"type": "Basic"})",
     "type: must be one of None, SCRAM-SHA-256, SCRAM-SHA-512, mTLS"},
    {"EventPlatform", "/spec/kafka/listeners/0/authentication", R"({"type": "mTLS"})",
     "spec.kafka.listeners[0].tls: must be true with the authentication mTLS"},
    {"EventPlatform", "/spec/kafka/authorization", R"({"type": "Opa"})",
     "spec.kafka.authorization.type: must be Simple"},
    {"EventPlatform", "/spec/kafka/authorization", R"({"type": "Simple", "superUsers": ["admin"]})",
     "superUsers: must name principals that read User:<name>"},
    {"EventPlatform", "/spec/accounts", R"([{"name": "a", "authentication": {"type": "SCRAM-SHA-256"}}])",
     "spec.accounts: must log in as a listener asks for: a has SCRAM-SHA-256"},
    {"EventPlatform", "/spec/accounts", R"([{"name": "a.b", "authentication": {"type": "None"}}])",
     "spec.accounts[0].name: must have at most 40 characters and not end in .b"},
    {"EventPlatform", "/spec/kafka/config", R"({"ssl.keystore.location": "/etc/x"})",
     "spec.kafka.config: must not set ssl.keystore.location"},
    {"EventPlatform", "/spec/allowedNamespaces", R"([{}])", "spec.allowedNamespaces[0].selector: must be set"},
    {"EventPlatform", "/spec/allowedNamespaces",
     R"([{"selector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}])", "operator: must be one of In, NotIn"},
};

std::string fault(std::string_view kind, const Json& object) {
  const auto parsed = round_trip(kind, object);
  if (parsed) return "accepted";
  CHECK(parsed.error().code == Code::kInvalid);
  CHECK(parsed.error().retry == Retry::never());
  return parsed.error().what;
}

}  // namespace

TEST_CASE("a wrong field is named, with what it must be") {
  for (const auto* kind : {"Topic", "ConsumerScaler", "EventPlatform"})
    CHECK_MESSAGE(round_trip(kind, sample(kind)).has_value(), fault(kind, sample(kind)));
  for (const auto& bad : kCases) {
    Json object = sample(bad.kind);
    object[Json::json_pointer(bad.pointer)] = Json::parse(bad.value);
    const auto said = fault(bad.kind, object);
    CHECK_MESSAGE(said.find(bad.said) != std::string::npos, bad.kind, bad.pointer, " = ", bad.value, ": ", said);
  }
}

TEST_CASE("all wrong fields are named at once") {
  Json object = sample("ConsumerScaler");
  object["spec"]["lagThreshold"] = 0;
  object["spec"]["cooldown"] = "x";
  object["spec"]["minReplicas"] = 5;
  object["spec"]["maxReplicas"] = 4;
  const auto said = fault("ConsumerScaler", object);
  for (const auto* field : {"spec.lagThreshold: ", "; spec.cooldown: ", "spec.minReplicas: must not be above"})
    CHECK_MESSAGE(said.find(field) != std::string::npos, said);
}

TEST_CASE("node ids, ports and passwords in the clear are checked across fields") {
  Json platform = sample("EventPlatform");
  Json more = platform["spec"]["kafka"]["nodePools"][0];
  more["name"] = "more";
  more["roles"] = {"broker"};
  more["nodeIdStart"] = 2;
  platform["spec"]["kafka"]["nodePools"].push_back(more);
  platform["spec"]["kafka"]["listeners"].push_back(platform["spec"]["kafka"]["listeners"][0]);
  const auto said = fault("EventPlatform", platform);
  for (const auto* field : {"must not overlap in node ids: nodes and more", "must not use port 9092 twice"})
    CHECK_MESSAGE(said.find(field) != std::string::npos, said);

  platform["spec"] = {{"external",
                       {{"bootstrapServers", {"a:1", "a", ":1", "a:0", "a:99999", "a b:1"}},
                        {"sasl", {{"mechanism", "PLAIN"}, {"secretRef", {{"name", "s"}}}}}}}};
  const auto external = fault("EventPlatform", platform);
  CHECK(external.find("spec.external.tls: must be set with the mechanism PLAIN") != std::string::npos);
  CHECK(external.find("bootstrapServers[0]") == std::string::npos);
  for (const auto* place : {"[1]: must be host:port", "[2]", "[3]", "[4]", "[5]"})
    CHECK_MESSAGE(external.find(place) != std::string::npos, external);
}

TEST_CASE("every setting that the schema keeps out of `config` is kept out here too") {
  std::string rule;
  walk(crd("EventPlatform").schema, "", [&](const std::string& path, const Json& node) {
    if (path == "spec.kafka.config") rule = node.at("x-kubernetes-validations").at(1).at("rule").get<std::string>();
  });
  int prefixes = 0;
  for (auto at = rule.find('\''); at != std::string::npos; at = rule.find('\'', at + 1)) {
    const auto end = rule.find('\'', at + 1);
    Json object = sample("EventPlatform");
    object["spec"]["kafka"]["config"] = {{rule.substr(at + 1, end - at - 1) + "x", "y"}};
    CHECK(fault("EventPlatform", object).find("spec.kafka.config: must not set") != std::string::npos);
    ++prefixes;
    at = end;
  }
  CHECK(prefixes > 20);
}

TEST_CASE("a field of a newer version is ignored, and a broken status never hides the spec") {
  Json object = sample("Topic");
  const Json plain = round_trip("Topic", object).value();
  object["spec"]["tiering"] = {{"enabled", true}};
  object["spec"]["platformRef"]["cluster"] = 7;
  object["status"] = {{"partitions", "many"}, {"conditions", {{{"type", 3}}}}, {"owned", Json::array()}, {"plan", 1}};
  CHECK(round_trip("Topic", object).value_or(Json()) == plain);
  for (const auto& nonsense : {Json("x"), Json(1), Json::array({nullptr}), Json(true)}) {
    object["status"] = nonsense;
    CHECK(round_trip("Topic", object).value_or(Json()) == plain);
  }
}

TEST_CASE("what is written otherwise but means the same is accepted") {
  Json object = sample("Topic");
  object["spec"]["config"] = {{"retention.ms", 604800000}, {"preallocate", true}, {"x", "y"}, {"ratio", 0.5}};
  object["spec"]["partitions"] = 12.0;
  const auto topic = api::parse_topic(object);
  REQUIRE(topic.has_value());
  CHECK(topic->spec.config ==
        std::map<std::string, std::string>{
            {"preallocate", "true"}, {"ratio", "0.5"}, {"retention.ms", "604800000"}, {"x", "y"}});
  CHECK(topic->spec.partitions == 12);
  CHECK(topic->kafka_name() == "orders");

  Json scaler = sample("ConsumerScaler");
  scaler["spec"]["cooldown"] = "7d";
  scaler["spec"]["window"] = "90s";
  const auto parsed = api::parse_consumer_scaler(scaler);
  REQUIRE(parsed.has_value());
  CHECK(parsed->spec.cooldown == 168h);
  CHECK(parsed->spec.window == 90s);
  CHECK(parsed->spec.target == api::ScaleTarget{"apps/v1", "Deployment", "billing"});
}

TEST_CASE("the name and generation of an object can be had although its spec makes no sense") {
  Json object = sample("Topic");
  object["metadata"]["generation"] = 9;
  object["spec"] = 7;
  CHECK_FALSE(api::parse_topic(object).has_value());
  const auto meta = api::parse_meta(object);
  REQUIRE(meta.has_value());
  CHECK(meta->name == "orders");
  CHECK(meta->generation == 9);
}

namespace {

// Every place of an object, by pointer.
std::vector<Json::json_pointer> places(const Json& object) {
  std::vector<Json::json_pointer> out;
  const Json flat = object.flatten();
  for (const auto& [path, value] : flat.items()) {
    Json::json_pointer place(path);
    for (; !place.empty(); place.pop_back()) out.push_back(place);
  }
  return out;
}

}  // namespace

TEST_CASE("nonsense in any place is an error or comes back as itself, and is never a crash") {
  const std::vector<Json> nonsense{nullptr,
                                   true,
                                   -1,
                                   std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::uint64_t>::max(),
                                   1e308,
                                   -0.5,
                                   "",
                                   "☃\u0000x",
                                   std::string(100'000, 'z'),
                                   Json::array(),
                                   Json::array({Json::array({nullptr})}),
                                   Json::object(),
                                   Json{{"☃", {{"a", nullptr}}}}};
  std::mt19937 random(7);
  int accepted = 0, refused = 0;
  for (const auto& crd : crds())
    for (unsigned variant = 0; variant < 2; ++variant) {
      const Json whole = keep_rules(crd.kind, Generator::full(crd.schema, variant), variant);
      for (const auto& place : places(whole)) {
        Json object = whole;
        object[place] = nonsense[random() % nonsense.size()];
        const auto back = round_trip(crd.kind, object);
        ++(back ? accepted : refused);
        if (!back) {
          CHECK(back.error().what.size() < 20'000);
          continue;
        }
        const auto again = round_trip(crd.kind, *back);
        const bool stable = again && *again == *back;
        CHECK_MESSAGE(stable, crd.kind, place.to_string());
      }
    }
  CHECK(accepted > 50);
  CHECK(refused > 200);
  for (const auto& whole : nonsense)
    for (const auto& crd : crds()) CHECK_FALSE(round_trip(crd.kind, whole).has_value());
}
