#include "observed.hpp"

#include <doctest/doctest.h>

namespace penstock::op::consumer_scaler {
namespace {

using Lines = std::vector<std::string>;

Observed with_keda() {
  Observed o = fresh();
  o.facts.keda_resources = true;
  o.facts.external_metrics = {true, false, true, "keda/keda-metrics-apiserver"};
  return o;
}

TEST_CASE("with KEDA there, Auto makes a ScaledObject and no HPA") {
  const auto wanted = plan_of(with_keda());
  CHECK(lines(wanted) == Lines{"create ScaledObject shop/orders: the first good decision is there"});
  CHECK(wanted.status.engine == api::Engine::kKeda);
  const Json spec = made(wanted).value()["spec"];
  CHECK(spec["minReplicaCount"] == 0);
  CHECK(spec["maxReplicaCount"] == 12);
  CHECK(spec["cooldownPeriod"] == 0);
  CHECK(spec["advanced"]["restoreToOriginalReplicaCount"] == false);
  CHECK(spec["triggers"] == Json::parse(R"([{"type": "external-push", "metricType": "AverageValue",
          "metadata": {"scalerAddress": "scaler:9443", "consumerScaler": "orders"},
          "authenticationRef": {"kind": "ClusterTriggerAuthentication", "name": "penstock"}}])"));
  CHECK(!spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleUp"].contains("tolerance"));
}

TEST_CASE("a ScaledObject is made only once KEDA can call the scaler, and one that is there stays") {
  Observed o = with_keda();
  o.facts.keda_access = "no right to write into namespace keda";
  CHECK(plan_of(o).actions.empty());
  CHECK(condition(plan_of(o), "Ready").reason == "KedaAccess");
  CHECK(condition(plan_of(o), "Ready").message == "no right to write into namespace keda");
  o = settled(with_keda());
  o.facts.keda_access = "no right to write into namespace keda";
  CHECK(plan_of(o).actions.empty());
  CHECK(condition(plan_of(o), "Ready").reason == "Following");
}

TEST_CASE("0 and 1 are KEDA's") {
  Observed o = settled(with_keda());
  o.replicas = 0;
  CHECK(std::ranges::none_of(plan_of(o).actions, [](const Action& a) { return std::holds_alternative<SetScale>(a); }));
}

TEST_CASE("an idle world with KEDA needs nothing") {
  const Observed o = settled(with_keda());
  CHECK(plan_of(o).actions.empty());
}

TEST_CASE("a tolerance goes into the ScaledObject when both it and HPA know one") {
  Observed o = with_keda();
  o.facts.keda_tolerance = true;
  const Json behavior = made(plan_of(o)).value()["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"];
  CHECK(behavior["scaleUp"]["tolerance"] == "0");
}

TEST_CASE("from Native to Keda our HPA goes first, and back the ScaledObject must be gone before the HPA comes") {
  Observed o = settled();
  o.facts = with_keda().facts;
  CHECK(lines(plan_of(o)) == Lines{"delete HorizontalPodAutoscaler shop/orders: the engine is Keda now",
                                   "create ScaledObject shop/orders: the first good decision is there"});

  o = settled(with_keda());
  o.facts = fresh().facts;
  CHECK(lines(plan_of(o)) == Lines{"delete ScaledObject shop/orders: the engine is Native now"});
  (*o.scaled_object)["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  CHECK(plan_of(o).actions.empty());
  CHECK(condition(plan_of(o), "Ready").reason == "ChangingEngine");
  o.scaled_object.reset();
  CHECK(lines(plan_of(o)) == Lines{"create HorizontalPodAutoscaler shop/orders: the first good decision is there"});
}

TEST_CASE(
    "Auto takes KEDA only where it serves the metrics too; where somebody else does, Native is refused for Direct") {
  Facts facts;
  CHECK(choose_engine(api::Engine::kAuto, facts).engine == api::Engine::kNative);
  CHECK(!choose_engine(api::Engine::kKeda, facts).engine);
  CHECK(choose_engine(api::Engine::kDirect, facts).engine == api::Engine::kDirect);
  facts.keda_resources = true;
  CHECK(choose_engine(api::Engine::kAuto, facts).engine == api::Engine::kNative);
  CHECK(choose_engine(api::Engine::kKeda, facts).engine == api::Engine::kKeda);
  facts.external_metrics = {true, false, true, "keda/keda-metrics-apiserver"};
  CHECK(choose_engine(api::Engine::kAuto, facts).engine == api::Engine::kKeda);
  const Choice refused = choose_engine(api::Engine::kNative, facts);
  CHECK(!refused.engine);
  CHECK(refused.reason.find("keda/keda-metrics-apiserver") != std::string::npos);
  facts = {};
  facts.external_metrics = {true, false, false, "monitoring/prometheus-adapter"};
  const Choice direct = choose_engine(api::Engine::kAuto, facts);
  CHECK(direct.engine == api::Engine::kDirect);
  CHECK(direct.reason == "Auto: external.metrics.k8s.io is served by monitoring/prometheus-adapter");
}

TEST_CASE("an APIService is ours by its label and its service, KEDA's by its name") {
  const auto service = [](const char* ns, const char* name, Json labels) {
    return Json{{"metadata", {{"labels", std::move(labels)}}},
                {"spec", {{"service", {{"namespace", ns}, {"name", name}}}}}};
  };
  const std::string our = "penstock/penstock-scaler";
  const Json labels = {{"app.kubernetes.io/managed-by", "penstock"}};
  CHECK(!external_metrics(Json(), our).present);
  CHECK(external_metrics(service("penstock", "penstock-scaler", labels), our).ours);
  CHECK(!external_metrics(service("penstock", "penstock-scaler", Json::object()), our).ours);
  const ExternalMetrics taken = external_metrics(service("keda", "keda-metrics-apiserver", labels), our);
  CHECK(taken.kedas);
  CHECK(!taken.ours);
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
