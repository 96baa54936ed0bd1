// The whole controller against an API server in memory, killed after every single write.
#include "../support/fake_api.hpp"
#include "observed.hpp"

#include <penstock/operator/consumer_scaler/reconciler.hpp>

#include <doctest/doctest.h>

namespace penstock::op::consumer_scaler {
namespace {

using test::FakeApi;
using test::Fuse;

const std::string kPath = "/apis/penstock.dev/v1alpha1/namespaces/shop/consumerscalers/orders";
const std::string kHpas = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/";
const std::string kTarget = "/apis/apps/v1/namespaces/shop/deployments/consumer";

struct World {
  Fuse fuse;
  std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>(fuse);
  ManualClock clock;
  Decision said = decision();
  Facts facts = fresh().facts;
  Duration silence{};

  World() {
    api->put("/api/v1/namespaces/shop", {{"metadata", {{"name", "shop"}}}});
    api->put("/apis/penstock.dev/v1alpha1/namespaces/shop/eventplatforms/main",
             {{"metadata", {{"name", "main"}, {"namespace", "shop"}}},
              {"spec", {{"external", {{"bootstrapServers", {"kafka:9092"}}}}}}});
    api->put(kPath, api::print(orders()));
    said.set_uid("uid-orders");
    deployment("consumer", 0);
  }
  void deployment(const std::string& name, int replicas) {
    api->put("/apis/apps/v1/namespaces/shop/deployments/" + name,
             {{"metadata", {{"name", name}, {"namespace", "shop"}}}, {"spec", {{"replicas", replicas}}}});
  }
  int replicas() const { return api->objects.at(kTarget)["spec"]["replicas"]; }
  Json condition(const std::string& type) const {
    for (const Json& each : api->objects.at(kPath)["status"]["conditions"])
      if (each["type"] == type) return each;
    return {};
  }
};

// One life of the operator.
class Life {
 public:
  explicit Life(World& world) : world_(world) {}

  // One look; false when the operator was killed.
  bool once() {
    world_.api->fill(stores_.platforms, "eventplatforms");
    world_.api->fill(stores_.scalers, "consumerscalers");
    world_.api->fill(stores_.autoscalers, "horizontalpodautoscalers");
    world_.api->fill(stores_.scaled_objects, "scaledobjects");
    world_.api->fill(stores_.namespaces, "namespaces");
    runtime::ReconcileContext context{"id", {}};
    const auto outcome = reconciler_({"shop", "orders"}, context);
    if (world_.fuse.blown()) return false;
    CHECK_MESSAGE(outcome, (outcome ? "" : outcome.error().to_string()));
    return true;
  }
  void settle() {
    for (int i = 0; i < 20; ++i) {
      const std::size_t before = world_.api->writes.size();
      if (!once() || world_.api->writes.size() == before) return;
      world_.clock.advance(1s);
    }
    FAIL("it never comes to rest");
  }

 private:
  World& world_;
  Stores stores_;
  TargetIndex index_{stores_, [](const k8s::ObjectKey&) {}};
  k8s::Client client_{world_.api};
  k8s::EventRecorder events_{client_, "test", "test", world_.clock};
  Reconciler reconciler_{
      {stores_, index_, client_, world_.clock, [this] { return world_.facts; },
       [this](const k8s::ObjectKey&) { return Decisions::Heard{shared(world_.said), world_.silence}; },
       [] { return std::string(); }},
      client_,
      events_,
      {"scaler:9443"}};
};

Json end_of(const World& world) {
  Json out = {{"replicas", world.replicas()}};
  for (const auto& [path, object] : world.api->objects)
    if (path.find("/horizontalpodautoscalers/") != std::string::npos) out["hpa"][path] = object["spec"];
  const Json& status = world.api->objects.at(kPath)["status"];
  for (const char* field : {"desiredReplicas", "currentReplicas", "cap", "engine"})
    out[field] = status.value(field, Json());
  for (const Json& condition : status["conditions"])
    out["conditions"][condition["type"].get<std::string>()] = condition["status"];
  return out;
}

TEST_CASE("from nothing to twelve: HPA, replicas and status, and then silence") {
  World world;
  Life life(world);
  life.settle();
  CHECK(world.api->objects.contains(kHpas + "orders"));
  CHECK(world.replicas() == 12);
  const Json& status = world.api->objects.at(kPath)["status"];
  CHECK(status["currentReplicas"] == 12);
  CHECK(status["cap"] == 12);
  CHECK(world.condition("Ready")["status"] == "True");
  const std::size_t writes = world.api->writes.size();
  for (int i = 0; i < 10; ++i) {
    world.clock.advance(10s);
    life.once();
  }
  CHECK(world.api->writes.size() == writes);
}

TEST_CASE("killed after any write and started again, the controller reaches the same end") {
  World calm;
  Life(calm).settle();
  const Json wanted = end_of(calm);
  int kills = 0;
  for (int writes = 1; writes < 20; ++writes) {
    CAPTURE(writes);
    World world;
    world.fuse.left = writes;
    Life(world).settle();
    const bool killed = world.fuse.blown();
    world.fuse.left = -1;
    Life(world).settle();
    CHECK(end_of(world) == wanted);
    if (!killed) break;
    ++kills;
  }
  CHECK(kills >= 3);
}

struct DirectWorld : World {
  explicit DirectWorld(int replicas) {
    api::ConsumerScaler scaler = orders();
    scaler.spec.engine = api::Engine::kDirect;
    api->put(kPath, api::print(scaler));
    deployment("consumer", replicas);
  }
};

TEST_CASE(
    "Direct follows a decision by the rules alone: up by fours or doubling, down after the window, to 0 when idle") {
  DirectWorld world(1);
  Life life(world);
  life.once();
  CHECK(world.replicas() == 5);
  life.once();
  CHECK(world.replicas() == 5);  // until the period of the policy is over
  world.clock.advance(15s);
  life.once();
  CHECK(world.replicas() == 10);
  world.clock.advance(15s);
  life.settle();
  CHECK(world.replicas() == 12);
  CHECK_FALSE(world.api->objects.contains(kHpas + "orders"));
  CHECK(world.condition("Ready")["status"] == "True");
  CHECK(world.api->objects.at(kPath)["status"]["currentReplicas"] == 12);

  world.said = decision(3, 3000);
  life.once();
  world.clock.advance(299s);
  life.once();
  CHECK(world.replicas() == 12);
  world.clock.advance(16s);
  life.once();
  CHECK(world.replicas() == 3);
  world.said = decision(0, 0);
  life.once();
  CHECK(world.replicas() == 0);
}

TEST_CASE("Direct leaves 0 at once, and a fresh operator takes nothing away before it has looked for a window") {
  DirectWorld world(0);
  Life(world).settle();
  CHECK(world.replicas() == 12);
  world.said = decision(3, 3000);
  Life fresh(world);
  fresh.once();
  world.clock.advance(299s);
  fresh.once();
  CHECK(world.replicas() == 12);
  world.clock.advance(2s);
  fresh.once();
  CHECK(world.replicas() == 3);
}

TEST_CASE("Direct gives the fallback's replicas, and waking takes nothing from what the rules allow") {
  DirectWorld world(0);
  Json object = world.api->objects.at(kPath);
  object["spec"]["behavior"] = Json::parse(
      R"({"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]},
          "scaleDown": {"stabilizationWindowSeconds": 0}})");
  world.api->put(kPath, object);
  Life life(world);
  life.once();
  CHECK(world.replicas() == 1);
  world.clock.advance(1s);
  life.once();
  CHECK(world.replicas() == 3);
  world.said = decision(2, 12'000);
  world.said.set_freshness(penstock::v1::FALLBACK);
  world.clock.advance(1s);
  life.once();
  CHECK(world.replicas() == 2);
}

TEST_CASE("Direct acts on the replicas that there are, not on those that it remembers") {
  DirectWorld world(12);
  Life life(world);
  life.settle();
  world.deployment("consumer", 6);  // by hand
  world.said = decision(12, 12'000);
  world.clock.advance(kScaleCheck);
  life.settle();
  CHECK(world.replicas() == 12);
}

TEST_CASE("Direct takes nothing away on a decision that is stale, of an older spec, or no longer heard") {
  const char* spec = R"({"scaleDown": {"stabilizationWindowSeconds": 0}})";
  for (const int which : {0, 1, 2, 3}) {
    CAPTURE(which);
    DirectWorld world(12);
    Json object = world.api->objects.at(kPath);
    object["spec"]["behavior"] = Json::parse(spec);
    world.api->put(kPath, object);
    world.said = decision(3, 3000);
    if (which == 0) world.said.set_freshness(penstock::v1::STALE);
    if (which == 1) world.said.set_generation(0);
    if (which == 2) world.silence = kFeedSilence + 1s;
    Life(world).once();
    CHECK(world.replicas() == (which == 3 ? 3 : 12));
  }
}

TEST_CASE("idle after work goes to 0, and a lag that can't be read never does") {
  World world;
  Life life(world);
  life.settle();
  world.said = decision(0, 0);
  world.said.set_freshness(penstock::v1::STALE);
  life.settle();
  CHECK(world.replicas() == 12);
  world.said.set_freshness(penstock::v1::FRESH);
  world.silence = 31s;
  life.settle();
  CHECK(world.replicas() == 12);
  world.silence = 0s;
  life.settle();
  CHECK(world.replicas() == 0);
  CHECK(world.api->objects.at(kPath)["status"]["currentReplicas"] == 0);
}

TEST_CASE("lag that changes each second is one status write in 30 s") {
  World world;
  Life life(world);
  life.settle();
  const std::size_t writes = world.api->writes.size();
  for (int second = 1; second <= 60; ++second) {
    world.said.set_lag(12000 + second * 500);
    world.clock.advance(1s);
    life.once();
  }
  CHECK(world.api->writes.size() == writes + 2);
}

TEST_CASE("an operator that has just started and heard nothing yet leaves the status as it is") {
  World world;
  Life(world).settle();
  const std::size_t writes = world.api->writes.size();
  world.said.set_uid("nobody's");  // no decision about this object
  Life second(world);
  second.once();
  CHECK(world.api->writes.size() == writes);
  world.silence = 31s;
  second.settle();
  CHECK(world.condition("Stale")["reason"] == "ScalerSilent");
  CHECK(world.replicas() == 12);
}

TEST_CASE("a budget gives so many in each second") {
  Budget budget(2);
  const SteadyTime now{1h};
  CHECK(budget.take(now));
  CHECK(budget.take(now + 999ms));
  CHECK(!budget.take(now + 999ms));
  CHECK(budget.take(now + 1s));
}

TEST_CASE("a missing target is named, and found again when it comes") {
  World world;
  world.api->objects.erase(kTarget);
  Life life(world);
  life.settle();
  CHECK(world.condition("Ready")["reason"] == "TargetNotFound");
  world.deployment("consumer", 0);
  world.clock.advance(15s);
  life.settle();
  CHECK(world.condition("Ready")["status"] == "True");
  CHECK(world.replicas() == 12);
}

TEST_CASE("a person's HPA on the target is left alone and named") {
  World world;
  world.api->put(
      kHpas + "mine",
      {{"metadata", {{"name", "mine"}, {"namespace", "shop"}}},
       {"spec", {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "consumer"}}}}}});
  Life life(world);
  life.settle();
  CHECK(world.condition("Conflict")["status"] == "True");
  CHECK(!world.api->objects.contains(kHpas + "orders"));
  CHECK(world.replicas() == 0);
  world.api->objects.erase(kHpas + "mine");
  life.settle();
  CHECK(world.replicas() == 12);
}

TEST_CASE("a broken ConsumerScaler beside it changes nothing") {
  World world;
  world.api->put("/apis/penstock.dev/v1alpha1/namespaces/shop/consumerscalers/broken",
                 {{"metadata", {{"name", "broken"}, {"namespace", "shop"}}}, {"spec", {{"lagThreshold", "many"}}}});
  Life(world).settle();
  CHECK(world.replicas() == 12);
}

TEST_CASE("paused it says what it would do and does nothing") {
  World world;
  Json object = world.api->objects.at(kPath);
  object["metadata"]["annotations"] = {{"penstock.dev/paused", "true"}};
  world.api->put(kPath, object);
  Life(world).settle();
  CHECK(world.replicas() == 0);
  CHECK(!world.api->objects.contains(kHpas + "orders"));
  CHECK(world.api->objects.at(kPath)["status"]["plan"].size() == 2);
  CHECK(world.condition("Ready")["reason"] == "Paused");
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
