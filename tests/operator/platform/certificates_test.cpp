#include "world.hpp"

#include <penstock/base/base64.hpp>
#include <penstock/operator/platform/certificates.hpp>

#include <doctest/doctest.h>

namespace penstock::op::platform {
namespace {

using test::managed;
using test::pool;
using test::World;

const Json kPools = Json::array({pool("controllers", {"controller"}, 1), pool("brokers", {"broker"}, 2, 10)});

std::string host(int broker) {
  return "main-brokers-" + std::to_string(broker) + ".main-nodes.kafka.svc.cluster.local";
}

std::string data(World& world, const std::string& secret, const std::string& key) {
  return decode_base64((*world.api->find(k8s::kinds::kSecret, secret))["data"][key].get<std::string>()).value();
}

std::string serial(World& world, int broker) {
  return pki::inspect(data(world, "main-brokers-tls", std::to_string(broker) + ".pem"))->serial;
}

// A broker shows what lies in its Secret.
void load(World& world, int broker) {
  auto& shown = world.broker.shown[host(broker)];
  shown = {pki::certificates_in(data(world, "main-brokers-tls", std::to_string(broker) + ".pem")).at(0), {}};
  for (const std::string& pem : pki::certificates_in(data(world, "main-brokers-tls", "ca.pem")))
    shown.accepted_issuers.push_back(pki::inspect(pem)->common_name);
}
void load(World& world) {
  for (const int broker : {10, 11}) load(world, broker);
}

void run(World& world) {
  REQUIRE(world.settle());
  world.run_pods();
  world.run_kafka(2);
  load(world);
  REQUIRE(world.settle());
}

api::EventPlatformStatus status(World& world) {
  return api::parse_event_platform(world.platform())->status;
}

TEST_CASE("nodes have all names by which they are found, the operator and the scaler have certificates of their own") {
  World world(managed(kPools));
  run(world);
  const auto node = pki::inspect(data(world, "main-brokers-tls", "11.pem")).value();
  CHECK(node.common_name == "kafka-node");
  for (const std::string& name : {host(11), std::string("main-brokers-11.main-nodes"), std::string("main-bootstrap"),
                                  std::string("main-bootstrap.kafka.svc.cluster.local")})
    CHECK_MESSAGE(std::ranges::find(node.dns_names, name) != node.dns_names.end(), name);
  CHECK(node.not_after == world.clock.wall() + 365 * 24h);
  CHECK(pki::inspect(data(world, "main-brokers-tls", "11-quorum.pem"))->not_after ==
        pki::inspect(data(world, "main-ca", "tls.crt"))->not_after);

  const kafka::Connection& ours = world.broker.last;
  CHECK(ours.tls);
  CHECK(pki::inspect(ours.client_certificate)->common_name == "penstock-operator");
  CHECK(ours.certificate_authority == data(world, "main-ca", "tls.crt"));
  const auto view =
      kafka::parse_platform_view(*world.api->find(k8s::kinds::kSecret, kafka::platform_view_name("kafka", "main")));
  CHECK(pki::inspect(view->connection.client_certificate)->common_name == "penstock-scaler");
  CHECK(view->connection.client_key != ours.client_key);
  const Json trust = (*world.api->find(k8s::kinds::kConfigMap, "main-ca.crt"))["data"];
  CHECK(trust == Json{{"ca.crt", data(world, "main-ca", "tls.crt")}});
}

TEST_CASE("brokers are asked once what they show, and load what is renewed without a restart") {
  World world(managed(kPools));
  run(world);
  CHECK(world.broker.asked_to_show == 2);
  CHECK(world.broker.altered.empty());
  const std::string before = serial(world, 10);
  const auto end = status(world).certificates[1];
  CHECK(end.name == "nodes");

  world.clock.advance(336 * 24h);
  REQUIRE(world.reconcile());
  CHECK(serial(world, 10) != before);
  const auto waits = world.reconcile();
  REQUIRE(waits);
  CHECK(waits->requeue_after < 15s);
  const std::vector<std::string> once{"10 listener.name.internal.ssl.keystore.location=/etc/penstock-tls/10.pem",
                                      "11 listener.name.internal.ssl.keystore.location=/etc/penstock-tls/11.pem"};
  CHECK(world.broker.altered == once);
  load(world);
  REQUIRE(world.reconcile());
  const auto altered = world.broker.altered.size();
  REQUIRE(world.settle());
  CHECK(world.broker.altered.size() == altered);
  CHECK(world.count("DELETE", "/pods") == 0);
  CHECK(status(world).certificates[1].not_after > end.not_after);
}

TEST_CASE("a broker that does not load its certificate is told of when half of the time is over") {
  World world(managed(kPools));
  run(world);
  world.clock.advance(336 * 24h);
  REQUIRE(world.reconcile());
  REQUIRE(world.reconcile());
  CHECK(world.condition("CertificatesExpiring").empty());
  world.clock.advance(15 * 24h);
  REQUIRE(world.reconcile());
  CHECK(world.condition("CertificatesExpiring")["status"] == "True");
  CHECK(world.condition("CertificatesExpiring")["message"].get<std::string>().starts_with("brokers 10, 11 show"));
  load(world);
  REQUIRE(world.settle());
  CHECK(world.condition("CertificatesExpiring").empty());
}

TEST_CASE("brokers whose certificates have expired are restarted one at a time") {
  World world(managed(kPools));
  run(world);
  world.clock.advance(366 * 24h);
  world.broker.info = std::unexpected(Error{Code::kUnavailable, "certificate expired", Retry::later()});
  REQUIRE(world.reconcile());
  CHECK(world.count("DELETE", "/pods") == 0);  // it could only load what has expired as well
  REQUIRE(world.reconcile());
  CHECK(world.count("DELETE", "/pods/main-brokers-10") == 1);
  CHECK(world.count("DELETE", "/pods") == 1);
  REQUIRE(world.reconcile());
  CHECK(world.count("DELETE", "/pods") == 1);  // the other is still starting
  world.run_pods();
  load(world, 10);
  REQUIRE(world.reconcile());
  CHECK(world.count("DELETE", "/pods/main-brokers-11") == 1);
  CHECK(world.broker.altered.empty());
  CHECK(world.count("DELETE", "/pods/main-controllers") == 0);
}

TEST_CASE("somebody else's Secret with the name of ours is a conflict, and signs nothing") {
  World world(managed(kPools));
  const auto theirs = pki::make_authority("theirs", world.clock.wall(), 365 * 24h).value();
  world.api->put(k8s::kinds::kSecret,
                 {{"metadata", {{"name", "main-ca"}, {"namespace", "kafka"}}},
                  {"type", "kubernetes.io/tls"},
                  {"data", api::print_tls_data({theirs.certificate, theirs.key, theirs.certificate})}});
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["reason"] == "Conflict");
  CHECK(data(world, "main-ca", "tls.crt") == theirs.certificate);
  CHECK(world.condition("Conflict")["message"].get<std::string>().starts_with("Secret main-ca exists"));
  CHECK(world.count("POST", "/secrets") == 0);
  world.api->erase(k8s::kinds::kSecret, "main-ca");
  run(world);
  CHECK(world.condition("Ready")["status"] == "True");
}

TEST_CASE("a pool's Secret that is somebody else's is a conflict too, and its brokers stay as they are") {
  World world(managed(kPools));
  run(world);
  (*world.api->find(k8s::kinds::kSecret, "main-brokers-tls"))["metadata"]["ownerReferences"] = Json::array();
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["reason"] == "Conflict");
  CHECK(world.broker.altered.empty());
  CHECK(world.count("DELETE", "/pods") == 0);
}

TEST_CASE("certificates are kept up while the spec is refused") {
  World world(managed(kPools));
  run(world);
  const std::string before = serial(world, 10);
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["spec"]["kafka"]["version"] = "9.9.9";
  world.clock.advance(340 * 24h);
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["reason"] == "UnsupportedVersion");
  CHECK(serial(world, 10) != before);
  load(world);
  REQUIRE(world.settle());
  CHECK(world.condition("CertificatesExpiring").empty());
}

TEST_CASE("nothing is made anew while the platform is paused, which is told, and no broker is restarted for it") {
  World world(managed(kPools));
  run(world);
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["metadata"]["annotations"]["penstock.dev/paused"] = "true";
  world.clock.advance(360 * 24h);
  REQUIRE(world.settle());
  CHECK(world.condition("CertificatesExpiring")["reason"] == "NotRenewed");
  CHECK(world.count("DELETE", "/pods") == 0);
}

TEST_CASE("somebody else's view of a platform of this name brings no authority along") {
  World world(managed(kPools));
  const auto theirs = pki::make_authority("theirs", world.clock.wall(), 365 * 24h).value();
  kafka::PlatformView view;
  view.ns = "kafka";
  view.name = "main";
  view.uid = "another";
  view.connection = {"a:9092", true, theirs.certificate, theirs.certificate, theirs.key, {}};
  world.api->put(k8s::kinds::kSecret,
                 {{"metadata", {{"name", kafka::platform_view_name("kafka", "main")}, {"namespace", "penstock"}}},
                  {"data", kafka::print_platform_view(view)}});
  run(world);
  CHECK(data(world, "main-brokers-tls", "ca.pem") == data(world, "main-ca", "tls.crt"));
}

TEST_CASE("the next authority is trusted for a year before it signs, and brokers are made to load it at once") {
  World world(managed(kPools));
  run(world);
  const std::string first = data(world, "main-ca", "tls.crt");
  world.clock.advance(kAuthorityValidity.lasts - kAuthorityValidity.renew_before + 24h);
  REQUIRE(world.settle());
  const std::string next = data(world, "main-ca", "next.crt");
  CHECK(data(world, "main-ca", "tls.crt") == first);
  CHECK(data(world, "main-brokers-tls", "ca.pem") == first + next);
  CHECK(pki::is_signed_by(data(world, "main-brokers-tls", "10.pem"), first));
  run(world);

  // The leaves are good still: it is for the trust alone that brokers load.
  world.broker.altered.clear();
  for (auto& [host, shown] : world.broker.shown) shown.accepted_issuers.pop_back();
  world.restart();
  REQUIRE(world.reconcile());
  CHECK(world.broker.altered.size() == 2);
  load(world);
  REQUIRE(world.settle());

  world.clock.advance(kAuthorityValidity.renew_before / 2);
  REQUIRE(world.settle());
  CHECK(data(world, "main-ca", "tls.crt") == next);
  CHECK_FALSE((*world.api->find(k8s::kinds::kSecret, "main-ca"))["data"].contains("next.crt"));
  CHECK(data(world, "main-brokers-tls", "ca.pem") == next + first);
  CHECK(pki::is_signed_by(data(world, "main-brokers-tls", "10-quorum.pem"), next));
}

TEST_CASE("a key that is not its certificate's, and a certificate from the future, are made anew") {
  World world(managed(kPools));
  run(world);
  const std::string before = serial(world, 10);
  auto& secret = *world.api->find(k8s::kinds::kSecret, "main-brokers-tls");
  const std::string other = data(world, "main-brokers-tls", "11.pem");
  secret["data"]["10.pem"] = encode_base64(other.substr(0, other.find("-----BEGIN CERTIFICATE")) +
                                           pki::certificates_in(data(world, "main-brokers-tls", "10.pem")).at(0));
  REQUIRE(world.settle());
  CHECK(serial(world, 10) != before);

  const std::string now = serial(world, 10);
  world.clock.advance(340 * 24h);
  REQUIRE(world.settle());
  const std::string early = serial(world, 10);
  CHECK(early != now);
  world.clock.jump_wall(-339 * 24h);
  REQUIRE(world.settle());
  CHECK(serial(world, 10) != early);
}

TEST_CASE("a new authority is trusted beside the one before, and certificates that nobody trusts are made anew") {
  World world(managed(kPools));
  run(world);
  const std::string before = data(world, "main-ca", "tls.crt"), node = serial(world, 10);
  const auto template_of = [&] {
    return (*world.api->find(k8s::kinds::kStatefulSet, "main-controllers"))["spec"]["template"]["metadata"];
  };
  const Json template_before = template_of();
  world.api->erase(k8s::kinds::kSecret, "main-ca");
  REQUIRE(world.settle());
  const std::string now = data(world, "main-ca", "tls.crt");
  CHECK(now != before);
  CHECK(data(world, "main-brokers-tls", "ca.pem") == now + before);
  CHECK(serial(world, 10) == node);
  CHECK(template_of() != template_before);  // controllers learn whom to trust when they start

  auto& secret = *world.api->find(k8s::kinds::kSecret, "main-brokers-tls");
  const auto stranger = pki::make_authority("main-ca", world.clock.wall(), 365 * 24h).value();
  const auto leaf = pki::make_leaf(stranger, {.common_name = "kafka-node", .server = true}, world.clock.wall(), 24h);
  secret["data"]["10.pem"] = encode_base64(leaf->key + leaf->certificate);
  REQUIRE(world.settle());
  CHECK(pki::is_signed_by(data(world, "main-brokers-tls", "10.pem"), now));
}

}  // namespace
}  // namespace penstock::op::platform
