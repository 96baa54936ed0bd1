#include "world.hpp"

#include <doctest/doctest.h>

namespace penstock::op::platform {
namespace {

using test::managed;
using test::pool;
using test::World;

// What is left when all is done, without what the server numbers as things happen.
Json remains(World& world) {
  Json out = Json::object();
  for (const auto& [path, stored] : world.api->objects) {
    Json object = stored;
    object["metadata"].erase("uid");
    object["metadata"].erase("resourceVersion");
    if (object.value("kind", "") != "Event") out[path] = object;
  }
  return out;
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
  const Json spec = managed(Json::array({pool("controllers", {"controller"}, 3), pool("brokers", {"broker"}, 3, 10)}));
  Life whole(spec);
  whole.phase(-1);
  const int writes = static_cast<int>(whole.world.api->writes.size());
  CHECK(writes > 15);
  const Json born = remains(whole.world);
  whole.world.run_pods();
  whole.world.run_kafka(3);
  whole.phase(-1);
  const Json running = remains(whole.world);
  CHECK(whole.world.condition("Ready")["status"] == "True");

  for (int cut = 0; cut <= writes; ++cut) {
    CAPTURE(cut);
    Life life(spec);
    life.phase(cut);
    CHECK(remains(life.world) == born);
    CHECK(life.world.count("POST", "/statefulsets") == 2);
    CHECK(life.world.count("POST", "/persistentvolumeclaims") == 6);
    CHECK(life.world.count("DELETE", "/") == 0);
    life.world.run_pods();
    life.world.run_kafka(3);
    life.phase(cut);
    CHECK(remains(life.world) == running);
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
