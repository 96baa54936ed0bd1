// The whole controller against an API server and a Kafka in memory, killed after every single write.
#include "../support/fake_api.hpp"
#include "../support/fake_kafka.hpp"

#include <penstock/operator/topic/reconciler.hpp>

#include <doctest/doctest.h>

namespace penstock::op::topic {
namespace {

using test::FakeApi;
using test::FakeKafka;
using test::Fuse;

const std::string kPath = "/apis/penstock.dev/v1alpha1/namespaces/shop/topics/orders";

// Everything that outlives the process.
struct World {
  Fuse fuse;
  std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>(fuse);
  std::shared_ptr<FakeKafka> kafka = std::make_shared<FakeKafka>(fuse);
  ManualClock clock;

  World() {
    api->put("/api/v1/namespaces/shop", {{"metadata", {{"name", "shop"}}}});
    api->put("/apis/penstock.dev/v1alpha1/namespaces/shop/eventplatforms/main",
             {{"apiVersion", "penstock.dev/v1alpha1"},
              {"kind", "EventPlatform"},
              {"metadata", {{"name", "main"}, {"namespace", "shop"}}},
              {"spec", {{"external", {{"bootstrapServers", {"kafka:9092"}}}}}}});
    api->put(kPath,
             {{"apiVersion", "penstock.dev/v1alpha1"},
              {"kind", "Topic"},
              {"metadata", {{"name", "orders"}, {"namespace", "shop"}, {"creationTimestamp", "2026-01-01T00:00:00Z"}}},
              {"spec",
               {{"platformRef", {{"name", "main"}}},
                {"partitions", 12},
                {"config", {{"retention.ms", "1000"}}},
                {"deletionPolicy", "Delete"},
                {"access", {{{"principal", "User:billing"}, {"role", "Consumer"}, {"groups", {"billing"}}}}}}}});
  }
  Json& topic() { return api->objects.at(kPath); }
  void spec(const Json& patch) {
    topic()["spec"].merge_patch(patch);
    topic()["metadata"]["generation"] = topic()["metadata"]["generation"].get<int>() + 1;
    api->put(kPath, topic());
  }
};

// One life of the operator: reconciles until nothing changes any more, or until it is killed.
void live(World& world) {
  Stores stores;
  Platforms platforms;
  platforms.publish({{"shop", "main"}, "uid", "cluster", 3, true, world.kafka});
  const k8s::Client client(world.api);
  k8s::EventRecorder events(client, "test", "test", world.clock);
  Reconciler reconciler(stores, platforms, client, events, world.clock);
  for (int i = 0; i < 20; ++i) {
    world.api->fill(stores.platforms, "eventplatforms");
    world.api->fill(stores.topics, "topics");
    world.api->fill(stores.namespaces, "namespaces");
    const std::size_t before = world.api->writes.size();
    const int before_kafka = world.kafka->writes;
    runtime::ReconcileContext context{"id", {}};
    const auto outcome = reconciler({"shop", "orders"}, context);
    if (world.fuse.blown()) return;
    CHECK_MESSAGE(outcome, (outcome ? "" : outcome.error().to_string()));
    if (world.api->writes.size() == before && world.kafka->writes == before_kafka) return;
    world.clock.advance(1s);
  }
  FAIL("it never comes to rest");
}

// The end of a story, comparable.
Json end_of(World& world) {
  Json out;
  for (const auto& [name, topic] : world.kafka->all)
    out["topics"][name] = {{"partitions", topic.partitions}, {"config", topic.config}};
  for (const auto& binding : world.kafka->bindings) out["acls"].push_back(binding.to_string());
  if (!world.api->objects.contains(kPath)) return out;
  const Json& topic = world.topic();
  out["owned"] = topic["status"].value("owned", Json());
  out["finalizers"] = topic["metadata"].value("finalizers", Json());
  out["pinned"] = !topic["status"].value("topicId", "").empty();
  for (const Json& condition : topic["status"]["conditions"])
    out["conditions"][condition["type"].get<std::string>()] = condition["status"];
  return out;
}

using Change = void (*)(World&);

void created(World& world) {
  live(world);
}
void changed(World& world) {
  live(world);
  world.spec({{"partitions", 24},
              {"config", {{"retention.ms", nullptr}, {"cleanup.policy", "compact"}}},
              {"access", {{{"principal", "User:shipping"}, {"role", "Consumer"}, {"groups", {"shipping"}}}}}});
}
void removed(World& world) {
  live(world);
  world.topic()["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z";
  world.api->put(kPath, world.topic());
}

TEST_CASE("killed after any write and started again, the controller reaches the same end") {
  for (const auto& [name, change] :
       {std::pair<const char*, Change>{"creation", [](World&) {}}, {"change", changed}, {"deletion", removed}}) {
    CAPTURE(name);
    World calm;
    change(calm);
    live(calm);
    const Json wanted = end_of(calm);
    int kills = 0;
    for (int writes = 1; writes < 30; ++writes) {
      CAPTURE(writes);
      World world;
      change(world);
      world.fuse.left = writes;
      live(world);
      const bool killed = world.fuse.blown();
      world.fuse.left = -1;
      live(world);
      CHECK(end_of(world) == wanted);
      if (!killed) break;
      ++kills;
    }
    CHECK(kills >= 3);
  }
}

TEST_CASE("a creation ends with everything as the spec says, and a second look writes nothing") {
  World world;
  created(world);
  CHECK(world.kafka->all.at("orders").partitions == 12);
  CHECK(world.kafka->all.at("orders").config == std::map<std::string, std::string>{{"retention.ms", "1000"}});
  CHECK(world.kafka->bindings.size() == 3);
  CHECK(world.topic()["metadata"]["finalizers"] == Json{"penstock.dev/finalizer"});
  const std::size_t writes = world.api->writes.size();
  const int kafka_writes = world.kafka->writes;
  live(world);
  CHECK(world.api->writes.size() == writes);
  CHECK(world.kafka->writes == kafka_writes);
}

TEST_CASE("a deletion takes topic, access and finalizer away") {
  World world;
  removed(world);
  live(world);
  CHECK(world.kafka->all.empty());
  CHECK(world.kafka->bindings.empty());
  CHECK(!world.api->objects.contains(kPath));
}

TEST_CASE("a paused Topic only says what would be done") {
  World world;
  world.topic()["metadata"]["annotations"] = {{"penstock.dev/paused", "true"}};
  live(world);
  CHECK(world.kafka->all.empty());
  CHECK(world.topic()["metadata"].value("finalizers", Json::array()).empty());
  const Json& status = world.topic()["status"];
  REQUIRE(status["plan"].size() == 3);
  CHECK(status["plan"][1] ==
        "create topic orders with 12 partitions and the default number of replicas: no such topic is there yet");
  CHECK(status.value("owned", Json::object()).value("aclBindings", Json::array()).empty());

  world.topic()["metadata"]["annotations"] = Json::object();
  live(world);
  CHECK(world.kafka->all.contains("orders"));
  CHECK(!world.topic()["status"].contains("plan"));
}

TEST_CASE("a conflict is said once and comes to rest") {
  World world;
  world.kafka->make("orders", 3);
  world.spec({{"adoptionPolicy", "Refuse"}});
  live(world);
  CHECK(end_of(world)["conditions"]["Conflict"] == "True");
  CHECK(world.kafka->writes == 0);
  const std::size_t writes = world.api->writes.size();
  live(world);
  CHECK(world.api->writes.size() == writes);
}

TEST_CASE("an object that can't be read is told so, once") {
  World world;
  world.spec({{"partitions", "many"}});
  live(world);
  CHECK(world.topic()["status"]["conditions"][0]["reason"] == "Invalid");
  CHECK(world.api->writes.size() == 1);
  CHECK(world.kafka->writes == 0);
}

}  // namespace
}  // namespace penstock::op::topic
