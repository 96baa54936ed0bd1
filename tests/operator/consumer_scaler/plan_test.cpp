#include "observed.hpp"

#include <penstock/scaling/behavior.hpp>

#include <doctest/doctest.h>

namespace penstock::op::consumer_scaler {
namespace {

using api::ConditionStatus;
using Lines = std::vector<std::string>;

const Json kPersonsHpa = {{"metadata", {{"name", "orders"}, {"uid", "x"}}}};

TEST_CASE("the first good decision makes an HPA between 1 and the partitions") {
  const auto wanted = plan_of(fresh());
  CHECK(lines(wanted) == Lines{"create HorizontalPodAutoscaler shop/orders: the first good decision is there"});
  const Json hpa = made(wanted).value();
  CHECK(hpa["spec"]["minReplicas"] == 1);
  CHECK(hpa["spec"]["maxReplicas"] == 12);
  CHECK(hpa["spec"]["scaleTargetRef"] == Json{{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "consumer"}});
  CHECK(hpa["spec"]["metrics"] == Json::parse(R"([{"type": "External", "external": {
          "metric": {"name": "penstock-lag", "selector": {"matchLabels": {
            "penstock.dev/scaler": "orders", "penstock.dev/target": "1000"}}},
          "target": {"type": "AverageValue", "averageValue": "1k"}}}])"));
  CHECK(hpa["metadata"]["ownerReferences"][0]["uid"] == "uid-orders");
  CHECK(condition(wanted, "Ready").status == ConditionStatus::kTrue);
}

TEST_CASE("a world that does not change needs nothing, not even a status") {
  const Observed o = settled();
  const auto wanted = plan_of(o);
  CHECK(wanted.actions.empty());
  CHECK(api::print_status(wanted.status) == api::print_status(o.scaler.status));
}

TEST_CASE("no HPA is made before the first good decision") {
  Observed o = fresh();
  SUBCASE("nothing was heard") {
    o.decision.reset();
    o.feed_problem = "the scaler at x can't be heard";
  }
  SUBCASE("the decision knows nothing") {
    Decision d = decision();
    d.set_known(false);
    d.set_freshness(penstock::v1::NEVER);
    d.set_error("broker 1 does not answer");
    o.decision = shared(d);
  }
  const auto wanted = plan_of(o);
  CHECK(wanted.actions.empty());
  const bool asked = o.decision != nullptr;
  CHECK(condition(wanted, "Ready").status == (asked ? ConditionStatus::kFalse : ConditionStatus::kUnknown));
  CHECK(condition(wanted, "Ready").reason == (asked ? "SampleFailed" : "WaitingForDecision"));
}

TEST_CASE("maxReplicas is the smaller of the spec and the partitions, and at least the minimum") {
  Observed o = fresh();
  o.scaler.spec.max_replicas = 8;
  CHECK(made(plan_of(o)).value()["spec"]["maxReplicas"] == 8);
  o.scaler.spec.max_replicas = 50;
  CHECK(made(plan_of(o)).value()["spec"]["maxReplicas"] == 12);
  o.scaler.spec.min_replicas = 20;
  CHECK(made(plan_of(o)).value()["spec"]["maxReplicas"] == 20);
  o.scaler.spec.min_replicas = 0;
  o.scaler.spec.max_replicas.reset();
  o.scaler.spec.cap_to_partitions = false;
  CHECK(made(plan_of(o)).value()["spec"]["maxReplicas"] == scaling::kDefaultMaximum);
}

TEST_CASE("more partitions raise maxReplicas in the same reconcile") {
  Observed o = settled();
  Decision d = decision(24, 24000);
  d.set_cap(24);
  d.set_partitions(24);
  o.decision = shared(d);
  const auto wanted = plan_of(o);
  REQUIRE(wanted.actions.size() == 1);
  const auto* patch = std::get_if<PatchObject>(&wanted.actions[0]);
  REQUIRE(patch);
  CHECK(patch->merge_patch == Json{{"metadata", {{"uid", "uid-child"}}}, {"spec", {{"maxReplicas", 24}}}});
  CHECK(wanted.status.cap == 24);
}

TEST_CASE("from 0 the first work scales to what is desired at once") {
  Observed o = settled();
  o.replicas = 0;
  o.scaler.status.current_replicas = 0;
  CHECK(lines(plan_of(o)) == Lines{"scale Deployment shop/consumer from 0 to 12: lag 12000 needs 12"});
  o.decision = shared(decision(40, 40000));
  CHECK(lines(plan_of(o)) == Lines{"scale Deployment shop/consumer from 0 to 12: lag 40000 needs 40"});
}

TEST_CASE("with a person's own rules for scaling up, HPA takes it from the first replica on") {
  Observed o = fresh();
  o.scaler.spec.behavior = {{"scaleUp", {{"stabilizationWindowSeconds", 60}}}};
  o = settled(o);
  o.replicas = 0;
  o.scaler.status.current_replicas = 0;
  CHECK(lines(plan_of(o)) == Lines{"scale Deployment shop/consumer from 0 to 1: lag 12000 needs 12"});
}

TEST_CASE("to 0 only on a fresh, known, idle decision about this very spec, where 0 is allowed") {
  Observed o = settled();
  o.replicas = 3;
  o.scaler.status.current_replicas = 3;
  Decision idle = decision(0, 0);
  const auto scales = [&] {
    o.decision = shared(idle);
    const auto wanted = plan_of(o);
    return std::ranges::any_of(wanted.actions, [](const Action& a) { return std::holds_alternative<SetScale>(a); });
  };
  CHECK(scales());
  SUBCASE("unknown") {
    idle.set_known(false);
  }
  SUBCASE("stale") {
    idle.set_freshness(penstock::v1::STALE);
  }
  SUBCASE("fallback") {
    idle.set_freshness(penstock::v1::FALLBACK);
  }
  SUBCASE("never sampled") {
    idle.set_freshness(penstock::v1::NEVER);
  }
  SUBCASE("active") {
    idle.set_active(true);
  }
  SUBCASE("desired") {
    idle.set_desired(1);
  }
  SUBCASE("an older spec") {
    o.scaler.meta.generation = 2;
  }
  SUBCASE("a silent feed") {
    o.silence = 31s;
  }
  SUBCASE("a minimum") {
    o.scaler.spec.min_replicas = 1;
  }
  CHECK(!scales());
}

TEST_CASE("a silent feed is Stale, and moves nothing in either direction") {
  Observed o = settled();
  o.silence = 31s;
  o.replicas = 0;
  o.feed_problem = "the scaler at x can't be heard";
  const auto wanted = plan_of(o);
  CHECK(condition(wanted, "Stale").reason == "ScalerSilent");
  CHECK(condition(wanted, "Ready").status == ConditionStatus::kFalse);
  CHECK(std::ranges::none_of(wanted.actions, [](const Action& a) { return std::holds_alternative<SetScale>(a); }));
}

TEST_CASE("failing samples are Stale, then Fallback, and are told when they begin and end") {
  Observed o = settled();
  Decision d = decision();
  d.set_freshness(penstock::v1::STALE);
  d.set_error("broker 1 does not answer");
  o.decision = shared(d);
  auto wanted = plan_of(o);
  CHECK(condition(wanted, "Stale").message == "broker 1 does not answer");
  CHECK(condition(wanted, "Ready").reason == "SamplesFailing");
  CHECK(wanted.actions.empty());

  d.set_freshness(penstock::v1::FALLBACK);
  o.decision = shared(d);
  wanted = plan_of(o);
  CHECK(condition(wanted, "Fallback").status == ConditionStatus::kTrue);
  CHECK(lines(wanted) == Lines{"event FallbackBegan: the lag has been unknown for too long: broker 1 does not answer"});

  o.scaler.status = wanted.status;
  o.decision = shared(decision());
  wanted = plan_of(o);
  CHECK(condition(wanted, "Fallback").status == ConditionStatus::kFalse);
  CHECK(lines(wanted) == Lines{"event FallbackEnded: the lag is known again"});
}

TEST_CASE("a person's HPA or ScaledObject on the target is a conflict: nothing is written but our own withdrawn") {
  Observed o = fresh();
  o.rivals = {"HorizontalPodAutoscaler mine"};
  auto wanted = plan_of(o);
  CHECK(condition(wanted, "Conflict").status == ConditionStatus::kTrue);
  CHECK(condition(wanted, "Conflict").message ==
        "its target is scaled by the HorizontalPodAutoscaler mine already; delete that, or this ConsumerScaler");
  CHECK(lines(wanted) == Lines{"event Conflict: " + condition(wanted, "Conflict").message});

  o = settled();
  o.rivals = {"ScaledObject mine"};
  wanted = plan_of(o);
  CHECK(lines(wanted)[0] == "delete HorizontalPodAutoscaler shop/orders: somebody else scales the target");
}

TEST_CASE("of two ConsumerScalers on one target the younger names the older and writes nothing") {
  Observed o = fresh();
  o.owner = "shop/older";
  const auto wanted = plan_of(o);
  CHECK(condition(wanted, "Conflict").message.find("shop/older") != std::string::npos);
  CHECK(!made(wanted));
}

TEST_CASE("an HPA of our name that is not ours is a conflict, never overwritten") {
  Observed o = fresh();
  o.autoscaler = kPersonsHpa;
  const auto wanted = plan_of(o);
  CHECK(condition(wanted, "Conflict").status == ConditionStatus::kTrue);
  CHECK(wanted.actions.size() == 1);  // the event
}

TEST_CASE("Observe decides and explains, and takes its own HPA back") {
  Observed o = settled();
  o.scaler.spec.mode = api::Mode::kObserve;
  auto wanted = plan_of(o);
  CHECK(lines(wanted) == Lines{"delete HorizontalPodAutoscaler shop/orders: mode is Observe"});
  o.autoscaler.reset();
  wanted = plan_of(o);
  CHECK(wanted.actions.empty());
  CHECK(condition(wanted, "Ready").reason == "Observing");
  CHECK(wanted.status.desired_replicas == 12);
  CHECK(wanted.look_again == kScaleCheck);  // at the replicas that somebody else gives it
}

TEST_CASE("what is missing is named") {
  Observed o = fresh();
  SUBCASE("the platform") {
    o.platform_problem = "there is no EventPlatform shop/main";
    CHECK(condition(plan_of(o), "Ready").reason == "PlatformNotFound");
  }
  SUBCASE("the right") {
    o.denied = "not for you";
    CHECK(condition(plan_of(o), "Ready").reason == "NotAllowed");
  }
  SUBCASE("the target") {
    o.target_problem = "Deployment shop/consumer can't be scaled";
    CHECK(condition(plan_of(o), "Ready").reason == "TargetNotFound");
  }
  SUBCASE("the metrics API") {
    o.facts.external_metrics = {};
    CHECK(condition(plan_of(o), "Ready").reason == "MetricsApiMissing");
  }
  SUBCASE("an engine") {
    o.scaler.spec.engine = api::Engine::kNative;
    o.facts.external_metrics = {true, false, false, "monitoring/prometheus-adapter"};
    CHECK(condition(plan_of(o), "Ready").reason == "EngineUnavailable");
    CHECK(condition(plan_of(o), "Ready").message.find("monitoring/prometheus-adapter") != std::string::npos);
  }
  SUBCASE("a shorter name") {
    o.scaler.meta.name = std::string(64, 'a');
    CHECK(condition(plan_of(o), "Ready").reason == "NameTooLong");
  }
  CHECK(plan_of(o).actions.empty());
}

TEST_CASE("what the HPA complains about is passed on, and being switched off at 0 is no complaint") {
  Observed o = settled();
  (*o.autoscaler)["status"]["conditions"] = {{{"type", "ScalingActive"},
                                              {"status", "False"},
                                              {"reason", "FailedGetExternalMetric"},
                                              {"message", "no metrics returned"}}};
  CHECK(condition(plan_of(o), "Ready").message == "no metrics returned");
  (*o.autoscaler)["status"]["conditions"][0]["reason"] = "ScalingDisabled";
  CHECK(condition(plan_of(o), "Ready").status == ConditionStatus::kTrue);
}

TEST_CASE("0 replicas by a person's hand are left alone where the minimum is above 0") {
  Observed o = fresh();
  o.scaler.spec.min_replicas = 1;
  o = settled(o);
  o.replicas = 0;
  o.scaler.status.current_replicas = 0;
  const auto wanted = plan_of(o);
  CHECK(wanted.actions.empty());
  CHECK(condition(wanted, "Ready").reason == "ScaledToZero");
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
