#include "world.hpp"

#include <penstock/base/base64.hpp>
#include <penstock/operator/platform/parts.hpp>
#include <penstock/pki/certificates.hpp>

#include <utility>

#include <doctest/doctest.h>

namespace penstock::op::platform {
namespace {

using test::managed;
using test::pool;
using test::World;

const char* const kSecret = "main-account-shop";

Json with_accounts() {
  Json spec = managed(Json::array({pool("nodes", {"controller", "broker"}, 1)}));
  spec["kafka"]["listeners"].push_back(
      {{"name", "sasl"}, {"port", 9094}, {"tls", true}, {"authentication", {{"type", "SCRAM-SHA-512"}}}});
  spec["accounts"] = Json::array(
      {{{"name", "shop"}, {"authentication", {{"type", "SCRAM-SHA-512"}}}, {"rotation", {{"overlap", "1h"}}}}});
  return spec;
}

Json* secret(World& world) {
  return world.api->find(k8s::kinds::kSecret, kSecret);
}

std::string data(World& world, const std::string& key) {
  REQUIRE(secret(world) != nullptr);
  return decode_base64((*secret(world))["data"][key].get<std::string>()).value();
}

// The login that clients find is one that Kafka takes.
bool works(World& world) {
  return world.broker.passwords[data(world, "username")]["SCRAM-SHA-512"] == data(world, "password");
}

void run(World& world) {
  REQUIRE(world.settle());
  world.run_pods();
  world.run_kafka(1);
  REQUIRE(world.settle());
}

std::vector<std::string> users(World& world) {
  std::vector<std::string> out;
  for (const auto& [user, by_mechanism] : world.broker.passwords) out.push_back(user);
  return out;
}
using Users = std::vector<std::string>;

TEST_CASE("an account is a user with a password that nobody else has, and a Secret with all that its clients need") {
  World world(with_accounts());
  run(world);
  CHECK(users(world) == Users{"shop"});
  CHECK(works(world));
  CHECK(data(world, "username") == "shop");
  CHECK(data(world, "password").size() == 44);
  CHECK(data(world, "bootstrap.servers") == "main-bootstrap.kafka.svc.cluster.local:9094");
  CHECK(data(world, "security.protocol") == "SASL_SSL");
  CHECK(data(world, "sasl.mechanism") == "SCRAM-SHA-512");
  const std::string file = data(world, "client.properties");
  CHECK(file.find("\nsasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required "
                  "username=\"shop\" password=\"" +
                  data(world, "password") + "\";\n") != std::string::npos);
  CHECK(file.find("\nssl.truststore.certificates=-----BEGIN CERTIFICATE-----\\n") != std::string::npos);
  CHECK(data(world, "ca.crt").starts_with("-----BEGIN CERTIFICATE-----\n"));
  CHECK(world.condition("AccountsReady")["status"] == "True");
  CHECK(world.status()["accounts"] ==
        Json::array({{{"name", "shop"}, {"user", "shop"}, {"since", format_time(world.clock.wall())}}}));

  World other(with_accounts());
  run(other);
  CHECK(data(other, "password") != data(world, "password"));
}

TEST_CASE("a password is never told in words") {
  const AlterScramUsers action{{{"shop", "SCRAM-SHA-512", "secret"}, {"shop.b", "SCRAM-SHA-256", std::nullopt}}, "why"};
  CHECK(to_string(action) ==
        "set the SCRAM-SHA-512 password of user shop; delete the SCRAM-SHA-256 password of user shop.b: why");
}

TEST_CASE("a Secret that is deleted comes back with the account's other user, and the one before goes after a while") {
  World world(with_accounts());
  run(world);
  const std::string before = data(world, "password");
  world.api->erase(k8s::kinds::kSecret, kSecret);
  REQUIRE(world.settle());
  CHECK(data(world, "username") == "shop.b");
  CHECK(works(world));
  CHECK(world.broker.passwords["shop"]["SCRAM-SHA-512"] == before);
  world.clock.advance(59min);
  REQUIRE(world.settle());
  CHECK(users(world) == Users{"shop", "shop.b"});
  const auto waits = world.reconcile();
  REQUIRE(waits);
  CHECK(waits->requeue_after <= 66s);
  world.clock.advance(1min);
  REQUIRE(world.settle());
  CHECK(users(world) == Users{"shop.b"});
  CHECK(works(world));

  world.api->erase(k8s::kinds::kSecret, kSecret);
  REQUIRE(world.settle());
  CHECK(data(world, "username") == "shop");
  CHECK(works(world));
}

TEST_CASE("a password that is due is another's") {
  Json spec = with_accounts();
  spec["accounts"][0]["rotation"] = {{"every", "90d"}, {"overlap", "1h"}};
  World world(spec);
  run(world);
  world.clock.advance(90 * 24h - 1min);
  REQUIRE(world.settle());
  CHECK(data(world, "username") == "shop");
  world.clock.advance(1min);
  REQUIRE(world.settle());
  CHECK(data(world, "username") == "shop.b");
  CHECK(works(world));
  CHECK(users(world) == Users{"shop", "shop.b"});
}

TEST_CASE("what Kafka lost it gets again, and a password that a person writes is taken") {
  World world(with_accounts());
  run(world);
  const std::string before = data(world, "password");
  world.broker.passwords.clear();
  REQUIRE(world.settle());
  CHECK(data(world, "password") == before);
  CHECK(works(world));

  (*secret(world))["data"]["password"] = encode_base64("by \"hånd\" 🔑\n");
  REQUIRE(world.settle());
  CHECK(data(world, "username") == "shop");
  CHECK(data(world, "password") == "by \"hånd\" 🔑\n");
  CHECK(works(world));
  CHECK(data(world, "sasl.jaas.config").ends_with(R"( password="by \"hånd\" 🔑\n";)"));
  CHECK(data(world, "client.properties").find(R"( password="by \\"h\u00e5nd\\" \ud83d\udd11\\n";)") !=
        std::string::npos);
}

TEST_CASE("another mechanism is another user, so that clients have time") {
  World world(with_accounts());
  run(world);
  Json& spec = (*world.api->find(k8s::kinds::kEventPlatform, "main"))["spec"];
  spec["kafka"]["listeners"].push_back(
      {{"name", "more"}, {"port", 9095}, {"tls", false}, {"authentication", {{"type", "SCRAM-SHA-256"}}}});
  spec["accounts"][0]["authentication"]["type"] = "SCRAM-SHA-256";
  REQUIRE(world.settle());
  CHECK(data(world, "username") == "shop.b");
  CHECK(world.broker.passwords["shop.b"]["SCRAM-SHA-256"] == data(world, "password"));
  CHECK(data(world, "security.protocol") == "SASL_PLAINTEXT");
  CHECK_FALSE((*secret(world))["data"].contains("ca.crt"));
  CHECK(users(world) == Users{"shop", "shop.b"});
}

TEST_CASE("an account that goes leaves nothing behind, and takes nothing of others along") {
  World world(with_accounts());
  run(world);
  world.broker.passwords["somebody"]["SCRAM-SHA-512"] = "else";
  world.api->erase(k8s::kinds::kSecret, kSecret);
  REQUIRE(world.settle());
  REQUIRE(users(world) == Users{"shop", "shop.b", "somebody"});
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["spec"].erase("accounts");
  REQUIRE(world.settle());
  CHECK(users(world) == Users{"somebody"});
  CHECK(secret(world) == nullptr);
  CHECK_FALSE(world.status().contains("accounts"));
  CHECK(world.condition("AccountsReady").empty());
}

TEST_CASE("a Secret of somebody else's is not touched, and nothing is put into Kafka for it") {
  World world(with_accounts());
  world.api->put(k8s::kinds::kSecret, {{"metadata", {{"name", kSecret}, {"namespace", "kafka"}}},
                                       {"data", {{"username", encode_base64("mine")}}}});
  run(world);
  CHECK(data(world, "username") == "mine");
  CHECK(users(world).empty());
  CHECK(world.condition("AccountsReady")["reason"] == "Conflict");
  CHECK(world.condition("Ready")["status"] == "True");
  world.api->erase(k8s::kinds::kSecret, kSecret);
  REQUIRE(world.settle());
  CHECK(works(world));
  CHECK(world.condition("AccountsReady")["status"] == "True");
}

TEST_CASE("a paused platform's accounts stay as they are") {
  World world(with_accounts());
  run(world);
  const Json before = *secret(world);
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["metadata"]["annotations"]["penstock.dev/paused"] = "true";
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["spec"].erase("accounts");
  REQUIRE(world.settle());
  CHECK(*secret(world) == before);
  CHECK(users(world) == Users{"shop"});
  CHECK(world.status()["accounts"].size() == 1);
  const auto done = world.reconcile();
  REQUIRE(done);
  CHECK(done->requeue_after >= 27s);
}

TEST_CASE(
    "wherever the operator dies, clients can log in with what they found, old or new, until the overlap is over") {
  for (int cut = 0; cut < 12; ++cut) {
    CAPTURE(cut);
    World world(with_accounts());
    REQUIRE(world.settle());
    world.run_pods();
    world.run_kafka(1);
    const auto die_and_come_back = [&] {
      world.api->writes_left = cut;
      for (int i = 0; i < 3 && world.api->writes_left != 0; ++i) (void)world.reconcile();
      world.api->writes_left = -1;
      world.restart();
      REQUIRE(world.settle());
    };
    die_and_come_back();
    CHECK(works(world));
    const std::string user = data(world, "username"), password = data(world, "password");
    world.api->erase(k8s::kinds::kSecret, kSecret);
    die_and_come_back();
    CHECK(works(world));
    CHECK(data(world, "username") != user);
    CHECK(world.broker.passwords[user]["SCRAM-SHA-512"] == password);
    world.clock.advance(61min);
    die_and_come_back();
    CHECK(works(world));
    CHECK(users(world) == Users{data(world, "username")});
  }
}

Json with_certificate() {
  Json spec = with_accounts();
  spec["kafka"]["listeners"].push_back(
      {{"name", "mtls"}, {"port", 9095}, {"tls", true}, {"authentication", {{"type", "mTLS"}}}});
  spec["accounts"][0]["authentication"]["type"] = "mTLS";
  return spec;
}

std::string text(World& world, const char* name, const char* key) {
  return decode_base64((*world.api->find(k8s::kinds::kSecret, name))["data"][key].get<std::string>()).value();
}

TEST_CASE("an account with a certificate has one of an authority that signs nothing else") {
  World world(with_certificate());
  run(world);
  CHECK(users(world).empty());
  const auto info = pki::inspect(data(world, "tls.crt")).value();
  CHECK(info.common_name == "shop");
  CHECK(pki::is_key_of(data(world, "tls.key"), data(world, "tls.crt")));
  CHECK(pki::is_signed_by(data(world, "tls.crt"), text(world, "main-clients-ca", "tls.crt")));
  CHECK_FALSE(pki::is_signed_by(data(world, "tls.crt"), text(world, "main-ca", "tls.crt")));
  CHECK(text(world, "main-nodes-tls", "clients-ca.pem") == text(world, "main-clients-ca", "ca.crt"));
  CHECK(data(world, "ca.crt") == text(world, "main-ca", "ca.crt"));
  CHECK(data(world, "security.protocol") == "SSL");
  CHECK(data(world, "client.properties").find("\nssl.keystore.key=-----BEGIN PRIVATE KEY-----\\n") !=
        std::string::npos);
  CHECK_FALSE((*secret(world))["data"].contains("password"));
  const std::string file = (*world.api->find(k8s::kinds::kConfigMap, "main-nodes"))["data"]["server.properties"];
  for (const auto* line : {"listener.name.mtls.ssl.client.auth=required",
                           "listener.name.mtls.ssl.truststore.location=/etc/penstock-tls/clients-ca.pem",
                           "listener.name.mtls.ssl.principal.mapping.rules=RULE:^CN=([-a-z0-9.]+)$/$1/"})
    CHECK_MESSAGE(file.find("\n" + std::string(line) + "\n") != std::string::npos, line);
}

TEST_CASE("a certificate of an account is made anew before it ends, when it is due, and when its Secret is gone") {
  World world(with_certificate());
  run(world);
  std::string before = data(world, "tls.crt");
  const auto renewed = [&] {
    REQUIRE(world.settle());
    return std::exchange(before, data(world, "tls.crt")) != before;
  };
  world.clock.advance(334 * 24h);
  CHECK_FALSE(renewed());
  world.clock.advance(2 * 24h);
  CHECK(renewed());
  world.api->erase(k8s::kinds::kSecret, kSecret);
  CHECK(renewed());
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["spec"]["accounts"][0]["rotation"] = {{"every", "30d"},
                                                                                               {"overlap", "1h"}};
  CHECK_FALSE(renewed());
  world.clock.advance(30 * 24h);
  CHECK(renewed());
  CHECK_FALSE(renewed());
}

TEST_CASE("an authority of clients that is lost is trusted as long as certificates of it may be shown") {
  World world(with_certificate());
  run(world);
  const std::string lost = text(world, "main-clients-ca", "tls.crt"), certificate = data(world, "tls.crt");
  world.api->erase(k8s::kinds::kSecret, "main-clients-ca");
  REQUIRE(world.settle());
  CHECK(text(world, "main-clients-ca", "tls.crt") != lost);
  CHECK(text(world, "main-nodes-tls", "clients-ca.pem").find(lost) != std::string::npos);
  CHECK(data(world, "tls.crt") == certificate);
}

TEST_CASE("an account that gets a certificate keeps its password for a while") {
  Json spec = with_certificate();
  spec["accounts"][0]["authentication"]["type"] = "SCRAM-SHA-512";
  World world(spec);
  run(world);
  REQUIRE(users(world) == Users{"shop"});
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["spec"]["accounts"][0]["authentication"]["type"] = "mTLS";
  REQUIRE(world.settle());
  CHECK_FALSE(data(world, "tls.crt").empty());
  CHECK(users(world) == Users{"shop"});
  world.clock.advance(1h);
  REQUIRE(world.settle());
  CHECK(users(world).empty());
}

TEST_CASE("whatever fails for however long, the password that clients have stays good") {
  for (const char* broken : {"scram", "/secrets", "/statefulsets"}) {
    CAPTURE(broken);
    World world(with_accounts());
    run(world);
    const std::string before = data(world, "password");
    world.api->erase(k8s::kinds::kSecret, kSecret);
    if (broken == std::string("/statefulsets"))
      (*world.api->find(k8s::kinds::kStatefulSet, "main-nodes"))["spec"]["replicas"] = 5;
    world.api->broken = world.broker.broken = broken;
    for (int i = 0; i < 4; ++i) {
      CHECK_FALSE(world.reconcile());
      CHECK(world.broker.passwords["shop"]["SCRAM-SHA-512"] == before);
    }
    world.api->broken = world.broker.broken = "";
    REQUIRE(world.settle());
    CHECK(works(world));
    CHECK(data(world, "username") == "shop.b");
    CHECK(world.broker.passwords["shop"]["SCRAM-SHA-512"] == before);
  }
}

TEST_CASE("a user that somebody made is not taken along by an account that never was") {
  World world(with_accounts());
  world.broker.passwords["shop"]["SCRAM-SHA-512"] = "by hand";
  world.api->put(k8s::kinds::kSecret, {{"metadata", {{"name", kSecret}, {"namespace", "kafka"}}}});
  run(world);
  CHECK_FALSE(world.status().contains("accounts"));
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["spec"].erase("accounts");
  REQUIRE(world.settle());
  CHECK(world.broker.passwords["shop"]["SCRAM-SHA-512"] == "by hand");
}

TEST_CASE("while somebody else's Secret keeps the authority away, accounts stay as they are") {
  World world(with_accounts());
  run(world);
  const Json before = (*secret(world))["data"];
  (*world.api->find(k8s::kinds::kSecret, "main-ca"))["metadata"].erase("ownerReferences");
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["reason"] == "Conflict");
  CHECK((*secret(world))["data"] == before);
  CHECK(world.status()["accounts"].size() == 1);
}

TEST_CASE("a Secret that is being deleted is waited for") {
  Json spec = with_accounts();
  spec["accounts"][0]["rotation"] = {{"every", "2h"}, {"overlap", "1h"}};
  World world(spec);
  run(world);
  (*secret(world))["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  const auto changes = world.broker.password_changes.size();
  world.clock.advance(2h);
  REQUIRE(world.settle());
  CHECK(world.broker.password_changes.size() == changes);
  CHECK(world.condition("AccountsReady")["status"] == "False");
}

TEST_CASE("authorities of clients stay in the nodes' Secrets as long as a broker may read them") {
  World world(with_certificate());
  run(world);
  const std::string trusted = text(world, "main-nodes-tls", "clients-ca.pem");
  Json& spec = (*world.api->find(k8s::kinds::kEventPlatform, "main"))["spec"];
  spec.erase("accounts");
  spec["kafka"]["listeners"].erase(2);
  REQUIRE(world.settle());
  CHECK(text(world, "main-nodes-tls", "clients-ca.pem") == trusted);
}

TEST_CASE("the scaler may look, and no more, where there is an authorizer") {
  World open(with_accounts());
  run(open);
  CHECK(open.broker.bindings.empty());

  Json spec = with_accounts();
  spec["kafka"]["authorization"] = {{"type", "Simple"}};
  World world(spec);
  world.broker.acls = false;  // not started with it yet
  run(world);
  CHECK(world.broker.bindings.empty());
  world.broker.acls = true;
  REQUIRE(world.settle());
  std::vector<std::string> texts;
  for (const auto& binding : world.broker.bindings) texts.push_back(binding.to_string());
  CHECK(texts == std::vector<std::string>{"Allow User:CN=penstock-scaler Describe on Topic:* (Literal) from *",
                                          "Allow User:CN=penstock-scaler Describe on Group:* (Literal) from *"});
}

TEST_CASE("listeners ask for a name, and the authorizer for what it may do; both users of an account are super users") {
  Json spec = with_accounts();
  spec["kafka"]["authorization"] = {{"type", "Simple"}, {"superUsers", {"User:shop", "User:CN=root"}}};
  World world(spec);
  REQUIRE(world.settle());
  const Json data = (*world.api->find(k8s::kinds::kConfigMap, "main-nodes"))["data"];
  const std::string file = data["server.properties"];
  for (const auto* line :
       {"listener.security.protocol.map=CONTROLLER:SSL,INTERNAL:SSL,PLAIN:PLAINTEXT,SASL:SASL_SSL,PROBE:PLAINTEXT",
        "listener.name.sasl.sasl.enabled.mechanisms=SCRAM-SHA-512",
        "listener.name.sasl.scram-sha-512.sasl.jaas.config="
        "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:CN=kafka-node;User:CN=penstock-operator;User:shop;User:shop.b;User:CN=root"})
    CHECK_MESSAGE(("\n" + file).find("\n" + std::string(line) + "\n") != std::string::npos, line);
}

}  // namespace
}  // namespace penstock::op::platform
