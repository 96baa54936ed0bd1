#include "world.hpp"

#include <penstock/base/base64.hpp>

#include <doctest/doctest.h>

namespace penstock::op::platform {
namespace {

using test::World;

Json external() {
  return {{"external", {{"bootstrapServers", {"b-1.example:9094", "b-2.example:9094"}}}}};
}

kafka::ClusterInfo cluster(const std::string& id, std::size_t brokers = 3) {
  kafka::ClusterInfo info;
  info.cluster_id = id;
  info.brokers.resize(brokers);
  return info;
}

Json* view(World& world) {
  return world.api->find(k8s::kinds::kSecret, kafka::platform_view_name("kafka", "main"));
}

TEST_CASE("the first cluster that answers is pinned before it is published") {
  World world(external());
  world.broker.info = cluster("first");
  bool pinned_when_published = false;
  world.platforms->subscribe(
      [&](const k8s::ObjectKey&) { pinned_when_published = world.status().value("clusterId", "") == "first"; });
  REQUIRE(world.reconcile());
  CHECK(pinned_when_published);
  const auto published = world.platforms->find(world.key);
  REQUIRE(published);
  CHECK(published->cluster_id == "first");
  CHECK(published->brokers == 3);
  CHECK(published->has_acls);
  const Json status = world.status();
  CHECK(status["capabilities"] == Json({"acls", "configs", "offsets", "topics"}));
  CHECK(status["bootstrapServers"]["external"] == "b-1.example:9094,b-2.example:9094");
  CHECK(status["brokers"] == 3);
  CHECK(world.condition("Ready")["status"] == "True");
}

TEST_CASE("a cluster without an authorizer is not said to have ACLs") {
  World world(external());
  world.broker.info = cluster("first");
  world.broker.acls = false;
  REQUIRE(world.settle());
  CHECK(world.status()["capabilities"] == Json({"configs", "offsets", "topics"}));
  CHECK_FALSE(world.platforms->find(world.key)->has_acls);
}

TEST_CASE("a pin that can't be written keeps the cluster unpublished") {
  World world(external());
  world.broker.info = cluster("first");
  world.api->writes_left = 1;  // the finalizer
  CHECK_FALSE(world.reconcile());
  CHECK_FALSE(world.platforms->find(world.key));
  world.api->writes_left = -1;
  CHECK(world.settle());
  CHECK(world.platforms->find(world.key));
}

TEST_CASE("a world that does not change is written to no more, and the connection stays open") {
  World world(external());
  world.broker.info = cluster("first");
  REQUIRE(world.settle());
  const auto writes = world.api->writes.size();
  for (int i = 0; i < 5; ++i) {
    world.clock.advance(30s);
    const auto outcome = world.reconcile();
    REQUIRE(outcome);
    CHECK(*outcome->requeue_after >= 27s);
    CHECK(*outcome->requeue_after <= 33s);
  }
  CHECK(world.api->writes.size() == writes);
  CHECK(world.broker.opened == 1);
}

TEST_CASE("another cluster behind the address stops everything until the first is back") {
  World world(external());
  world.broker.info = cluster("first");
  REQUIRE(world.settle());
  REQUIRE(view(world) != nullptr);

  world.broker.info = cluster("second");
  REQUIRE(world.settle());
  CHECK_FALSE(world.platforms->find(world.key));
  CHECK(view(world) == nullptr);
  const Json ready = world.condition("Ready");
  CHECK(ready["status"] == "False");
  CHECK(ready["reason"] == "ClusterIdMismatch");
  CHECK(ready["message"].get<std::string>().find("cluster second answers where first is pinned") == 0);
  CHECK(world.condition("Stalled")["status"] == "True");
  CHECK(world.status()["clusterId"] == "first");
  CHECK(world.count("POST", "/events") == 1);

  world.broker.info = cluster("first");
  REQUIRE(world.settle());
  CHECK(world.platforms->find(world.key));
  CHECK(view(world) != nullptr);
  CHECK(world.condition("Ready")["status"] == "True");
}

TEST_CASE("an unreachable cluster is withdrawn, told once in Kafka's words, and tried again ever less often") {
  World world(external());
  world.broker.info = cluster("first");
  REQUIRE(world.settle());
  world.broker.info = fail(Code::kUnavailable, "b-1.example:9094: refused (after 3ms)");
  REQUIRE(world.reconcile());
  CHECK_FALSE(world.platforms->find(world.key));
  CHECK(world.condition("Ready")["reason"] == "Unreachable");
  CHECK(world.condition("Ready")["message"] == "b-1.example:9094: refused");
  CHECK(world.status()["clusterId"] == "first");
  CHECK(view(world) != nullptr);

  const auto writes = world.api->writes.size();
  Duration last{0};
  for (int i = 0; i < 10; ++i) {
    world.broker.info = fail(Code::kUnavailable, "b-1.example:9094: refused (after " + std::to_string(i) +
                                                     "ms in state CONNECT, 1 identical error(s) suppressed)");
    const auto outcome = world.reconcile();
    REQUIRE(outcome);
    last = *outcome->requeue_after;
  }
  CHECK(world.api->writes.size() == writes);
  CHECK(last >= 15s);
  CHECK(last <= 30s);
}

TEST_CASE("a missing Secret is named, with what it must hold") {
  Json spec = external();
  spec["external"]["tls"] = {{"caSecretRef", {{"name", "kafka-ca"}, {"key", "ca.crt"}}}};
  spec["external"]["sasl"] = {{"mechanism", "SCRAM-SHA-512"}, {"secretRef", {{"name", "login"}}}};
  World world(spec);
  REQUIRE(world.reconcile());
  CHECK(world.condition("Ready")["reason"] == "CredentialsMissing");
  CHECK(world.condition("Ready")["message"] == "Secret kafka/kafka-ca does not exist: create it with the key ca.crt");
  CHECK(world.broker.opened == 0);

  world.api->put(k8s::kinds::kSecret, {{"metadata", {{"name", "kafka-ca"}, {"namespace", "kafka"}}},
                                       {"data", {{"ca.crt", encode_base64("PEM")}}}});
  world.api->put(k8s::kinds::kSecret,
                 {{"metadata", {{"name", "login"}, {"namespace", "kafka"}}},
                  {"data", {{"username", encode_base64("me")}, {"password", encode_base64("secret")}}}});
  world.broker.info = cluster("first");
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["status"] == "True");
  CHECK(world.broker.last.certificate_authority == "PEM");
  CHECK(world.broker.last.sasl == kafka::Sasl{"SCRAM-SHA-512", "me", "secret"});

  (*world.api->find(k8s::kinds::kSecret, "login"))["data"]["password"] = encode_base64("rotated");
  REQUIRE(world.settle());
  CHECK(world.broker.opened == 2);
  CHECK(world.broker.last.sasl->password == "rotated");
}

TEST_CASE("the scaler is shown the connection and the namespaces that rules select, and a change by hand is undone") {
  Json spec = external();
  spec["allowedNamespaces"] =
      Json::array({{{"selector", {{"matchLabels", {{"team", "shop"}}}}}, {"topicPrefixes", {"shop."}}}});
  World world(spec);
  world.broker.info = cluster("first");
  REQUIRE(world.settle());
  REQUIRE(view(world) != nullptr);
  const auto shown = kafka::parse_platform_view(*view(world));
  REQUIRE(shown);
  CHECK(shown->cluster_id == "first");
  CHECK(shown->connection.bootstrap_servers == "b-1.example:9094,b-2.example:9094");
  REQUIRE(shown->allowed.size() == 1);
  CHECK(shown->allowed[0] == kafka::PlatformView::Allowed{"shop", {"shop."}, {}});

  const Json before = (*view(world))["data"];
  (*view(world))["data"]["stranger"] = encode_base64("x");
  REQUIRE(world.settle());
  CHECK((*view(world))["data"] == before);

  world.api->put(k8s::kinds::kNamespace, {{"metadata", {{"name", "shop-2"}, {"labels", {{"team", "shop"}}}}}});
  REQUIRE(world.settle());
  CHECK(kafka::parse_platform_view(*view(world))->allowed.size() == 2);
}

TEST_CASE("deletion removes the scaler's Secret, then lets go, without asking Kafka") {
  World world(external());
  world.broker.info = cluster("first");
  REQUIRE(world.settle());
  CHECK(world.platform()["metadata"]["finalizers"] == Json({"penstock.dev/finalizer"}));
  world.broker.info = fail(Code::kUnavailable, "gone");
  const int asked = world.broker.described;
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  REQUIRE(world.reconcile());
  CHECK(view(world) == nullptr);
  CHECK(world.platform()["metadata"]["finalizers"].empty());
  CHECK_FALSE(world.platforms->find(world.key));
  CHECK(world.broker.described == asked);
}

TEST_CASE("a paused platform is observed and reported, and nothing is written but its status") {
  World world(external());
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["metadata"]["annotations"] = {{"penstock.dev/paused", "true"}};
  world.broker.info = cluster("first");
  REQUIRE(world.settle());
  CHECK(world.count("POST", "/") == 0);
  CHECK(world.status().value("clusterId", "") == "");
  CHECK_FALSE(world.platforms->find(world.key));
}

TEST_CASE("a plan that is only to be seen is in the status, in order") {
  World world(external());
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["metadata"]["annotations"] = {
      {"penstock.dev/plan-only", "true"}};
  world.broker.info = cluster("first");
  REQUIRE(world.settle());
  const Json plan = world.status()["plan"];
  REQUIRE(plan.size() == 3);
  CHECK(plan[0] == "patch EventPlatform kafka/main: a Secret in another namespace must go with it");
  CHECK(plan[1] == "record in the status of EventPlatform kafka/main: pins cluster first, the first that answered");
  CHECK(world.count("POST", "/") == 0);
}

}  // namespace
}  // namespace penstock::op::platform
