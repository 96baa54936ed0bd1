#include "world.hpp"

#include <penstock/base/base64.hpp>
#include <penstock/pki/certificates.hpp>

#include <doctest/doctest.h>

namespace penstock::op::platform {
namespace {

using test::managed;
using test::pool;
using test::World;

// What is left when all is done, without what the server numbers as things happen, and what is drawn at random.
Json remains(World& world) {
  Json out = Json::object();
  for (const auto& [path, stored] : world.api->objects) {
    Json object = stored;
    object["metadata"].erase("uid");
    object["metadata"].erase("resourceVersion");
    const std::string kind = object.value("kind", "");
    if (kind == "Secret")
      for (auto& [key, value] : object["data"].items()) value = "";
    if (kind == "ConfigMap" && object["data"].contains("ca.crt")) object["data"]["ca.crt"] = "";
    if (kind == "StatefulSet") object["spec"]["template"]["metadata"]["annotations"].erase("penstock.dev/quorum-trust");
    if (kind == "Pod") object["metadata"]["annotations"].erase("penstock.dev/quorum-trust");
    if (kind != "Event") out[path] = object;
  }
  return out;
}

// Every certificate that lies somewhere is signed by the authority that lies there, and everybody trusts it.
bool of_one_authority(World& world) {
  const auto text = [](const Json& value) { return decode_base64(value.get<std::string>()).value(); };
  const std::string authority = text((*world.api->find(k8s::kinds::kSecret, "main-ca"))["data"]["tls.crt"]);
  bool good = (*world.api->find(k8s::kinds::kConfigMap, "main-ca.crt"))["data"]["ca.crt"] == authority;
  int certificates = 0;
  for (const Json& secret : world.api->all(k8s::kinds::kSecret)) {
    for (const auto& [key, value] : secret["data"].items()) {
      const std::string held =
          key == "connection" ? Json::parse(text(value))["clientCertificate"].get<std::string>() : text(value);
      const auto all = pki::certificates_in(held);
      if (all.empty()) continue;
      ++certificates;
      good = good && (all.front() == authority || pki::is_signed_by(all.front(), authority));
    }
  }
  return good && certificates == 2 + 2 + 2 * (2 + 1) + 1;
}

// Brings a platform up, changes it, and takes it away, with the operator dying after its n-th write of each part.
struct Life {
  explicit Life(const Json& spec) : world(spec) {}

  void phase(int cut) {
    world.api->writes_left = cut;
    for (int i = 0; i < 3 && world.api->writes_left != 0; ++i) {
      const auto done = world.reconcile();
      CHECK((done || world.api->writes_left == 0));
    }
    world.api->writes_left = -1;
    world.restart();
    CHECK(world.settle());
  }

  World world;
};

TEST_CASE("wherever the operator dies, the next one ends in the same state, and nothing is deleted twice") {
  const Json spec = managed(Json::array({pool("controllers", {"controller"}, 1), pool("brokers", {"broker"}, 1, 10)}));
  Life whole(spec);
  whole.phase(-1);
  const int writes = static_cast<int>(whole.world.api->writes.size());
  CHECK(writes > 15);
  const Json born = remains(whole.world);
  whole.world.run_pods();
  whole.world.run_kafka(1);
  whole.phase(-1);
  const Json running = remains(whole.world);
  CHECK(whole.world.condition("Ready")["status"] == "True");

  for (int cut = 0; cut <= writes; ++cut) {
    CAPTURE(cut);
    Life life(spec);
    life.phase(cut);
    CHECK(Json::diff(remains(life.world), born).dump() == "[]");
    CHECK(life.world.count("POST", "/statefulsets") == 2);
    CHECK(life.world.count("POST", "/persistentvolumeclaims") == 2);
    CHECK(life.world.count("DELETE", "/") == 0);
    life.world.run_pods();
    life.world.run_kafka(1);
    life.phase(cut);
    CHECK(Json::diff(remains(life.world), running).dump() == "[]");
    CHECK(of_one_authority(life.world));
    CHECK(life.world.count("DELETE", "/") == 0);

    (*life.world.api->find(k8s::kinds::kEventPlatform, "main"))["metadata"]["deletionTimestamp"] =
        "2026-01-01T00:00:00Z";
    life.phase(cut);
    CHECK(life.world.count("DELETE", "/secrets") == 1);
    CHECK(life.world.count("DELETE", "/") == 1);
    CHECK(life.world.platform()["metadata"]["finalizers"].empty());
  }
}

}  // namespace
}  // namespace penstock::op::platform
