#include "observed.hpp"

#include <doctest/doctest.h>

namespace penstock::op::consumer_scaler {
namespace {

Json behavior_of(const Observed& o) {
  return made(plan_of(o)).value()["spec"]["behavior"];
}

TEST_CASE("without rules of a person HPA's own are written out, with tolerance 0") {
  CHECK(behavior_of(fresh()) == Json::parse(R"({
    "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "tolerance": "0",
                "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15},
                             {"type": "Percent", "value": 100, "periodSeconds": 15}]},
    "scaleDown": {"selectPolicy": "Max", "tolerance": "0",
                  "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}})"));
}

TEST_CASE("a person's rules are passed through, their tolerance too") {
  Observed o = fresh();
  o.scaler.spec.behavior = {{"scaleDown", {{"stabilizationWindowSeconds", 30}, {"tolerance", "0.05"}}}};
  const Json behavior = behavior_of(o);
  CHECK(behavior["scaleDown"]["stabilizationWindowSeconds"] == 30);
  CHECK(behavior["scaleDown"]["tolerance"] == "0.05");
  CHECK(behavior["scaleUp"]["tolerance"] == "0");
}

TEST_CASE("the same tolerance written otherwise by the server is no difference") {
  Observed o = fresh();
  o.scaler.spec.behavior = {{"scaleDown", {{"tolerance", "0.05"}}}};
  o = settled(o);
  (*o.autoscaler)["spec"]["behavior"]["scaleDown"]["tolerance"] = "50m";
  CHECK(plan_of(o).actions.empty());
  o.scaler.spec.behavior["scaleDown"]["tolerance"] = "0.06";
  CHECK(plan_of(o).actions.size() == 1);
}

TEST_CASE("a rule taken out of the spec is taken out of the HPA") {
  Observed o = fresh();
  o.scaler.spec.behavior = {{"scaleDown", {{"stabilizationWindowSeconds", 30}}}};
  o = settled(o);
  o.scaler.spec.behavior = Json::object();
  const auto wanted = plan_of(o);
  REQUIRE(wanted.actions.size() == 1);
  const auto* patch = std::get_if<PatchObject>(&wanted.actions[0]);
  REQUIRE(patch);
  CHECK(patch->merge_patch["spec"] ==
        Json::parse(R"({"behavior": {"scaleDown": {"stabilizationWindowSeconds": null}}})"));
}

TEST_CASE("what somebody changed in our HPA is changed back") {
  Observed o = settled();
  (*o.autoscaler)["spec"]["maxReplicas"] = 99;
  CHECK(plan_of(o).actions.size() == 1);
}

TEST_CASE("a server without tolerance is not asked for one, and the floor lifts the last step instead") {
  Observed o = fresh();
  o.facts.tolerance = false;
  CHECK(!behavior_of(o)["scaleUp"].contains("tolerance"));
  CHECK(made(plan_of(o)).value()["spec"]["minReplicas"] == 1);

  Decision d = decision(12);
  o.decision = shared(d);
  o.replicas = 11;  // 12 is within a tenth of 11
  CHECK(made(plan_of(o)).value()["spec"]["minReplicas"] == 12);
  o.replicas = 10;
  CHECK(made(plan_of(o)).value()["spec"]["minReplicas"] == 1);
  o.replicas = 12;
  CHECK(made(plan_of(o)).value()["spec"]["minReplicas"] == 1);
  o.facts.tolerance = true;
  o.replicas = 11;
  CHECK(made(plan_of(o)).value()["spec"]["minReplicas"] == 1);
}

TEST_CASE("another threshold is another metric") {
  Observed o = settled();
  o.scaler.spec.lag_threshold = 1500;
  const auto wanted = plan_of(o);
  REQUIRE(wanted.actions.size() == 1);
  const auto* patch = std::get_if<PatchObject>(&wanted.actions[0]);
  REQUIRE(patch);
  const Json external = patch->merge_patch["spec"]["metrics"][0]["external"];
  CHECK(external["metric"]["selector"]["matchLabels"]["penstock.dev/target"] == "1500");
  CHECK(external["target"]["averageValue"] == "1500");
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
