#include "golden.hpp"
#include "world.hpp"

#include <penstock/base/base64.hpp>
#include <penstock/operator/platform/certificates.hpp>
#include <penstock/operator/platform/plan.hpp>
#include <penstock/operator/platform/render.hpp>

namespace penstock::op::platform {
namespace {

using test::managed;
using test::pool;
using test::World;

const Json kCombined = Json::array({pool("all", {"broker", "controller"}, 3)});

Observed fresh(const Json& spec) {
  Observed observed;
  const Json object{
      {"apiVersion", "penstock.dev/v1alpha1"},
      {"kind", "EventPlatform"},
      {"metadata", {{"name", "main"}, {"namespace", "kafka"}, {"uid", "11111111-aaaa"}, {"generation", 1}}},
      {"spec", spec}};
  auto platform = api::parse_event_platform(object);
  REQUIRE_MESSAGE(platform, (platform ? "" : platform.error().what));
  observed.platform = *platform;
  observed.settings.release_namespace = "penstock";
  observed.settings.default_images = {{"4.3.1", "registry/kafka:4.3.1"}};
  const auto text = [](const std::string& what) {
    return api::TlsSecret{what + "'s certificate\n", what + "'s key\n", "the authority's certificate\n"};
  };
  observed.certificates = {{text("the authority"), {}}, {}, "", text("the operator"), text("the scaler"), {}};
  for (const auto& pool : observed.platform.spec.kafka->node_pools)
    for (int id = pool.node_id_start; id < pool.node_id_start + pool.replicas; ++id)
      observed.certificates.pools[pool.name][id] = {text("node " + std::to_string(id)), text("voter")};
  return observed;
}

// What is planned, and every text and object that is to be made.
std::string print(const PlatformPlan& made) {
  std::string out = "# Plan\n";
  for (const auto& line : lines(made)) out += line + "\n";
  for (const Action& action : made.actions) {
    const auto* create = std::get_if<CreateObject>(&action);
    if (create == nullptr) continue;
    Json object = create->object;
    out += "\n# " + create->resource.kind + " " + k8s::key_of(object).name + "\n";
    std::string texts;
    if (object.contains("data")) {
      const bool secret = create->resource == k8s::kinds::kSecret;
      for (const auto& [name, value] : object["data"].items()) {
        const auto text = value.get<std::string>();
        texts += "\n## " + name + "\n" + (secret ? decode_base64(text).value() : text);
      }
      object.erase("data");
    }
    out += object.dump(2) + "\n" + texts;
  }
  return out;
}

void run(World& world, int brokers) {
  REQUIRE(world.settle());
  world.run_pods();
  world.run_kafka(brokers);
  REQUIRE(world.settle());
}

TEST_CASE("what one combined node, three combined nodes, and three and three need is as reviewed") {
  test::check_golden("one-combined.txt",
                     print(plan(fresh(managed(Json::array({pool("all", {"broker", "controller"}, 1)}))), WallTime{})));
  test::check_golden("three-combined.txt", print(plan(fresh(managed(kCombined)), WallTime{})));
  test::check_golden(
      "three-and-three.txt",
      print(plan(
          fresh(managed(Json::array({pool("brokers", {"broker"}, 3, 10), pool("controllers", {"controller"}, 3, 0)}))),
          WallTime{})));
}

TEST_CASE("the same spec gives the same plan, however often it is asked for") {
  const Observed observed = fresh(managed(kCombined));
  CHECK(print(plan(observed, WallTime{})) == print(plan(observed, WallTime{1h})));
}

TEST_CASE("a platform becomes ready, is published, and then nothing is written any more") {
  World world(managed(kCombined));
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["reason"] == "NodesNotReady");
  CHECK(world.condition("Ready")["message"] ==
        "0 of 3 nodes ready: waiting for main-all-0 (has no pod yet) and 2 more");
  CHECK(world.condition("Reconciling")["status"] == "True");
  CHECK(world.broker.described == 0);
  world.run_pods();
  world.run_kafka(3);
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["status"] == "True");
  CHECK(world.condition("Ready")["message"] == "3 of 3 nodes ready");
  CHECK(world.condition("Reconciling")["status"] == "False");
  const Json status = world.status();
  CHECK(status["nodes"] == Json{{"desired", 3}, {"ready", 3}, {"updated", 3}});
  CHECK(status["brokers"] == 3);
  CHECK(status["kafkaVersion"] == "4.3.1");
  CHECK(status["bootstrapServers"]["plain"] == "main-bootstrap.kafka.svc.cluster.local:9092");
  REQUIRE(world.platforms->find(world.key));
  CHECK(world.platforms->find(world.key)->cluster_id == status["clusterId"].get<std::string>());
  CHECK(world.broker.last.bootstrap_servers == "main-bootstrap.kafka.svc.cluster.local:9091");
  const auto writes = world.api->writes.size();
  for (int i = 0; i < 3; ++i) CHECK(world.reconcile());
  CHECK(world.api->writes.size() == writes);
}

TEST_CASE("the scaler is told while a broker is not ready") {
  World world(managed(kCombined));
  run(world, 3);
  const auto unsettled = [&] {
    REQUIRE(world.settle());
    return kafka::parse_platform_view(*world.api->find(k8s::kinds::kSecret, kafka::platform_view_name("kafka", "main")))
        .value()
        .unsettled;
  };
  CHECK_FALSE(unsettled());
  world.api->erase(k8s::kinds::kPod, "main-all-1");
  CHECK(unsettled());
  world.run_pods();
  CHECK_FALSE(unsettled());
}

TEST_CASE("an operator that is started anew finds nothing to do") {
  World world(managed(kCombined));
  run(world, 3);
  const auto writes = world.api->writes.size();
  world.restart();
  REQUIRE(world.reconcile());
  CHECK(world.api->writes.size() == writes);
  CHECK(world.platforms->find(world.key));
}

TEST_CASE("ids are on record before anything is made of them") {
  World world(managed(kCombined));
  REQUIRE(world.settle());
  const auto& writes = world.api->writes;
  const auto recorded = std::ranges::find_if(writes, [](const auto& w) { return w.ends_with("/status"); });
  const auto created = std::ranges::find_if(writes, [](const auto& w) { return w.starts_with("POST"); });
  REQUIRE(recorded != writes.end());
  REQUIRE(created != writes.end());
  CHECK(recorded < created);
}

TEST_CASE("volumes are there before the nodes that use them, and say whose data they hold") {
  World world(managed(kCombined));
  REQUIRE(world.settle());
  const auto& writes = world.api->writes;
  const auto at = [&](const std::string& part) {
    return std::ranges::find_if(writes, [&](const auto& w) { return w.starts_with("POST") && w.ends_with(part); });
  };
  CHECK(at("/persistentvolumeclaims") < at("/statefulsets"));
  CHECK(world.count("POST", "/persistentvolumeclaims") == 3);
  const Json claim = *world.api->find(k8s::kinds::kPersistentVolumeClaim, "data-main-all-1");
  const Json annotations = claim["metadata"]["annotations"];
  CHECK(annotations["penstock.dev/cluster-id"] == world.status()["clusterId"]);
  CHECK(annotations["penstock.dev/node-id"] == "1");
  CHECK(annotations["penstock.dev/directory-id"] == world.status()["directoryIds"]["1"]);
  CHECK_FALSE(claim["metadata"].contains("ownerReferences"));
}

TEST_CASE("a volume that is to go with the platform is owned by it, and no longer when it is to be kept after all") {
  Json pools = kCombined;
  pools[0]["storage"]["reclaim"] = "Delete";
  World world(managed(pools));
  REQUIRE(world.settle());
  const Json claim = *world.api->find(k8s::kinds::kPersistentVolumeClaim, "data-main-all-1");
  CHECK(claim["metadata"]["ownerReferences"][0]["uid"] == "11111111-aaaa");

  Json& platform = *world.api->find(k8s::kinds::kEventPlatform, "main");
  platform["spec"]["kafka"]["nodePools"][0]["storage"]["reclaim"] = "Retain";
  REQUIRE(world.settle());
  const Json kept = *world.api->find(k8s::kinds::kPersistentVolumeClaim, "data-main-all-1");
  CHECK_FALSE(kept["metadata"].contains("ownerReferences"));
}

TEST_CASE("a child that was changed or deleted by hand is restored") {
  World world(managed(kCombined));
  run(world, 3);
  const Json service = (*world.api->find(k8s::kinds::kService, "main-nodes"))["spec"];
  const Json data = (*world.api->find(k8s::kinds::kConfigMap, "main-all"))["data"];
  (*world.api->find(k8s::kinds::kService, "main-nodes"))["spec"]["publishNotReadyAddresses"] = false;
  (*world.api->find(k8s::kinds::kConfigMap, "main-all"))["data"]["server.properties"] = "broken";
  (*world.api->find(k8s::kinds::kConfigMap, "main-all"))["data"]["more"] = "x";
  (*world.api->find(k8s::kinds::kStatefulSet, "main-all"))["spec"]["replicas"] = 1;
  world.api->erase(k8s::kinds::kService, "main-bootstrap");
  world.api->erase(k8s::kinds::kPodDisruptionBudget, "main-all-nodes");
  REQUIRE(world.settle());
  CHECK((*world.api->find(k8s::kinds::kService, "main-nodes"))["spec"] == service);
  CHECK((*world.api->find(k8s::kinds::kConfigMap, "main-all"))["data"] == data);
  CHECK((*world.api->find(k8s::kinds::kStatefulSet, "main-all"))["spec"]["replicas"] == 3);
  (*world.api->find(k8s::kinds::kStatefulSet, "main-all"))["spec"]["replicas"] = 7;
  REQUIRE(world.settle());
  CHECK((*world.api->find(k8s::kinds::kStatefulSet, "main-all"))["spec"]["replicas"] == 3);
  CHECK(world.api->find(k8s::kinds::kService, "main-bootstrap") != nullptr);
  CHECK(world.api->find(k8s::kinds::kPodDisruptionBudget, "main-all-nodes") != nullptr);
}

TEST_CASE("somebody else's object with a child's name is named as a conflict and not touched") {
  World world(managed(kCombined));
  world.api->put(
      k8s::kinds::kService,
      {{"metadata",
        {{"name", "main-nodes"}, {"namespace", "kafka"}, {"labels", {{"app.kubernetes.io/managed-by", "penstock"}}}}},
       {"spec", {{"type", "ClusterIP"}}}});
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["reason"] == "Conflict");
  CHECK(world.condition("Conflict")["status"] == "True");
  CHECK(world.condition("Conflict")["message"].get<std::string>().find("Service main-nodes exists") == 0);
  CHECK((*world.api->find(k8s::kinds::kService, "main-nodes"))["spec"]["type"] == "ClusterIP");
  CHECK_FALSE((*world.api->find(k8s::kinds::kService, "main-nodes"))["spec"].contains("ports"));
  world.api->erase(k8s::kinds::kService, "main-nodes");
  run(world, 3);
  CHECK(world.condition("Conflict").empty());
  CHECK(world.condition("Ready")["status"] == "True");
}

TEST_CASE("more nodes get their volumes first; fewer are refused in words") {
  World world(managed(Json::array({pool("controllers", {"controller"}, 3), pool("brokers", {"broker"}, 3, 10)})));
  run(world, 3);
  Json& platform = *world.api->find(k8s::kinds::kEventPlatform, "main");
  platform["spec"]["kafka"]["nodePools"][1]["replicas"] = 5;
  run(world, 5);
  CHECK((*world.api->find(k8s::kinds::kStatefulSet, "main-brokers"))["spec"]["replicas"] == 5);
  CHECK(world.api->find(k8s::kinds::kPersistentVolumeClaim, "data-main-brokers-14") != nullptr);
  CHECK(world.condition("Ready")["message"] == "8 of 8 nodes ready");

  platform["spec"]["kafka"]["nodePools"][1]["replicas"] = 4;
  REQUIRE(world.settle());
  CHECK((*world.api->find(k8s::kinds::kStatefulSet, "main-brokers"))["spec"]["replicas"] == 5);
  CHECK(world.condition("ScaleInRefused")["status"] == "True");
  CHECK(world.condition("Ready")["status"] == "True");
}

TEST_CASE(
    "a version that this operator does not run is refused with those that it does, and the cluster stays usable") {
  World world(managed(kCombined));
  run(world, 3);
  (*world.api->find(k8s::kinds::kEventPlatform, "main"))["spec"]["kafka"]["version"] = "9.9.9";
  const auto posts = world.count("POST", "/");
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["reason"] == "UnsupportedVersion");
  CHECK(world.condition("Ready")["message"].get<std::string>().find("4.3.1") != std::string::npos);
  CHECK(world.condition("Stalled")["status"] == "True");
  CHECK(world.count("POST", "/") == posts);
  CHECK(world.platforms->find(world.key));
}

TEST_CASE("an image must be on the operator's list") {
  Observed observed = fresh(managed(kCombined));
  observed.platform.spec.kafka->image = "evil/kafka:1";
  CHECK(plan(observed, WallTime{}).status.conditions.find("Ready")->reason == "ImageNotAllowed");
  observed.settings.allowed_images = {"evil/"};
  CHECK(plan(observed, WallTime{}).status.conditions.find("Ready")->reason == "NodesNotReady");
}

TEST_CASE("a wrong cluster behind our own Service stops all writes") {
  World world(managed(kCombined));
  run(world, 3);
  world.broker.info->cluster_id = "another";
  (*world.api->find(k8s::kinds::kStatefulSet, "main-all"))["spec"]["replicas"] = 1;
  REQUIRE(world.settle());
  CHECK(world.condition("Ready")["reason"] == "ClusterIdMismatch");
  CHECK_FALSE(world.platforms->find(world.key));
  CHECK((*world.api->find(k8s::kinds::kStatefulSet, "main-all"))["spec"]["replicas"] == 1);
}

TEST_CASE("pods of an older revision are counted and named, and not restarted") {
  World world(managed(kCombined));
  run(world, 3);
  (*world.api->find(k8s::kinds::kPod, "main-all-0"))["metadata"]["labels"]["controller-revision-hash"] = "rev-0";
  REQUIRE(world.settle());
  CHECK(world.status()["nodes"]["updated"] == 2);
  CHECK(world.condition("Ready")["status"] == "True");
  CHECK(world.condition("Ready")["message"].get<std::string>().find("(main-all-0)") != std::string::npos);
  CHECK(world.count("DELETE", "/pods") == 0);
}

TEST_CASE("a pod that can't start gets the settings that repair it, one pod at a time, and no other pod does") {
  World world(managed(kCombined));
  run(world, 3);
  for (const auto* name : {"main-all-0", "main-all-1", "main-all-2"})
    (*world.api->find(k8s::kinds::kPod, name))["metadata"]["labels"]["controller-revision-hash"] = "rev-0";
  const Json starting{
      {"conditions", Json::array()},
      {"containerStatuses", Json::array({{{"state", {{"waiting", {{"reason", "ContainerCreating"}}}}}}})}};
  const Json pulling{
      {"conditions", Json::array()},
      {"containerStatuses", Json::array({{{"state", {{"waiting", {{"reason", "ImagePullBackOff"}}}}}}})}};
  (*world.api->find(k8s::kinds::kPod, "main-all-0"))["status"] = starting;
  REQUIRE(world.settle());
  CHECK(world.count("DELETE", "/pods") == 0);
  (*world.api->find(k8s::kinds::kPod, "main-all-0"))["status"] = pulling;
  (*world.api->find(k8s::kinds::kPod, "main-all-1"))["status"] = pulling;
  REQUIRE(world.reconcile());
  CHECK(world.count("DELETE", "/pods") == 1);
  REQUIRE(world.settle());
  CHECK(world.count("DELETE", "/pods") == 2);
  CHECK(world.api->find(k8s::kinds::kPod, "main-all-2") != nullptr);
}

TEST_CASE("a node that was ready once never again formats an empty volume as a first voter") {
  World world(managed(kCombined));
  REQUIRE(world.settle());
  const auto format = [&] {
    return (*world.api->find(k8s::kinds::kConfigMap, "main-all"))["data"]["format"].get<std::string>();
  };
  CHECK(format().find("--no-initial-controllers") == std::string::npos);
  world.run_pods();
  (*world.api->find(k8s::kinds::kPod, "main-all-2"))["status"]["conditions"][0]["status"] = "False";
  world.run_kafka(2);
  REQUIRE(world.settle());
  CHECK(format().starts_with("0 --no-initial-controllers\n1 --no-initial-controllers\n2 --initial-controllers 0@"));
  world.api->erase(k8s::kinds::kPod, "main-all-0");
  REQUIRE(world.settle());
  CHECK(format().starts_with("0 --no-initial-controllers\n1 --no-initial-controllers\n2 --initial-controllers 0@"));
}

TEST_CASE("a voter that lost its volume is not given its old identity again, not even by a platform made anew") {
  World world(managed(kCombined));
  run(world, 3);
  World next(managed(kCombined));
  for (const Json& claim : world.api->all(k8s::kinds::kPersistentVolumeClaim)) {
    CHECK(claim["metadata"]["annotations"]["penstock.dev/settled"] == "true");
    if (k8s::key_of(claim).name != "data-main-all-1") next.api->put(k8s::kinds::kPersistentVolumeClaim, claim);
  }
  REQUIRE(next.settle());
  const Json map = *next.api->find(k8s::kinds::kConfigMap, "main-all");
  CHECK(map["data"]["format"] ==
        "0 --no-initial-controllers\n1 --no-initial-controllers\n2 --no-initial-controllers\n");
  const Json claim = *next.api->find(k8s::kinds::kPersistentVolumeClaim, "data-main-all-1");
  CHECK_FALSE(claim["metadata"]["annotations"].contains("penstock.dev/directory-id"));
}

TEST_CASE("a platform that is made again over kept volumes is the same cluster") {
  World world(managed(kCombined));
  REQUIRE(world.settle());
  const std::string id = world.status()["clusterId"];
  World next(managed(kCombined));
  for (const Json& claim : world.api->all(k8s::kinds::kPersistentVolumeClaim))
    next.api->put(k8s::kinds::kPersistentVolumeClaim, claim);
  (*next.api->find(k8s::kinds::kEventPlatform, "main"))["metadata"]["uid"] = "22222222-bbbb";
  REQUIRE(next.settle());
  CHECK(next.status()["clusterId"] == id);
  CHECK(next.status()["directoryIds"] == world.status()["directoryIds"]);
  CHECK(next.count("POST", "/persistentvolumeclaims") == 0);
}

TEST_CASE("a larger volume is asked for, a smaller one is not") {
  World world(managed(kCombined));
  run(world, 3);
  Json& platform = *world.api->find(k8s::kinds::kEventPlatform, "main");
  const auto size = [&] {
    const Json claim = *world.api->find(k8s::kinds::kPersistentVolumeClaim, "data-main-all-0");
    return claim["spec"]["resources"]["requests"]["storage"].get<std::string>();
  };
  platform["spec"]["kafka"]["nodePools"][0]["storage"]["size"] = "20Gi";
  REQUIRE(world.settle());
  CHECK(size() == "20Gi");
  platform["spec"]["kafka"]["nodePools"][0]["storage"]["size"] = "5Gi";
  REQUIRE(world.settle());
  CHECK(size() == "20Gi");
}

TEST_CASE("a setting can't leave its line, whatever it holds") {
  Observed observed = fresh(managed(kCombined));
  observed.platform.spec.kafka->config = {{"a key=x", "one\nlisteners=EVIL://:1\\"}};
  const Layout layout(observed, ids_of(observed));
  const std::string text = server_properties(layout, observed.platform.spec.kafka->node_pools[0]);
  CHECK(text.find("\nlisteners=EVIL") == std::string::npos);
  CHECK(text.ends_with("a\\ key\\=x=one\\nlisteners=EVIL://:1\\\\\n"));
}

TEST_CASE("the heap is what the pool says, else half its memory limit up to 6 GiB, else 1 GiB") {
  api::NodePool pool;
  CHECK(heap(pool) == "1048576k");
  pool.resources = {{"limits", {{"memory", "2Gi"}}}};
  CHECK(heap(pool) == "1048576k");
  pool.resources = {{"limits", {{"memory", "64Gi"}}}};
  CHECK(heap(pool) == "6291456k");
  pool.heap = "512Mi";
  CHECK(heap(pool) == "524288k");
}

}  // namespace
}  // namespace penstock::op::platform
