// The answers are kube-controller-manager's for the same series of recommendations.
#include <penstock/scaling/behavior.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaling;

namespace {

struct Hpa {
  explicit Hpa(const Json& spec = Json::object()) : behavior(behavior_of(spec)) {}
  int sync(int recommended, Duration later = 15s) {
    now += later;
    const int allowed = past.allowed(behavior, replicas, recommended, min, max, now);
    past.scaled(replicas, allowed, now);
    return replicas = allowed;
  }
  Behavior behavior;
  BehaviorPast past;
  int replicas = 1, min = 1, max = 100;
  SteadyTime now{1h};
};

}  // namespace

TEST_CASE("without rules replicas double or grow by four each fifteen seconds, whichever is more") {
  Hpa hpa;
  CHECK(hpa.sync(100) == 5);
  CHECK(hpa.sync(100) == 10);
  CHECK(hpa.sync(100) == 20);
  CHECK(hpa.sync(100) == 40);
  CHECK(hpa.sync(100, 5s) == 40);  // the period of the last step is not over
  CHECK(hpa.sync(100, 10s) == 80);
  CHECK(hpa.sync(100) == 100);
}

TEST_CASE("without rules the highest recommendation of five minutes counts on the way down") {
  Hpa hpa;
  hpa.replicas = 10;
  CHECK(hpa.sync(10) == 10);
  CHECK(hpa.sync(4) == 10);
  for (int i = 0; i < 18; ++i) CHECK(hpa.sync(4) == 10);
  CHECK(hpa.sync(4) == 4);
  CHECK(hpa.sync(6) == 6);
  CHECK(hpa.sync(1) == 6);
}

TEST_CASE("a fresh autoscaler keeps what it finds for the window") {
  Hpa hpa;
  hpa.replicas = 8;
  CHECK(hpa.sync(1) == 8);
  CHECK(hpa.sync(1, 299s) == 8);
  CHECK(hpa.sync(1, 1s) == 1);
}

TEST_CASE("a window for scaling up takes the lowest recommendation") {
  Hpa hpa(Json::parse(R"({"scaleUp": {"stabilizationWindowSeconds": 60}})"));
  hpa.replicas = 4;
  CHECK(hpa.sync(4) == 4);
  CHECK(hpa.sync(8) == 4);
  CHECK(hpa.sync(6) == 4);
  CHECK(hpa.sync(9) == 4);
  CHECK(hpa.sync(9) == 6);
}

TEST_CASE("policies limit by pods and percent over their periods, and the selected one counts") {
  const auto with = [](const char* select) {
    return Json{{"scaleDown",
                 {{"stabilizationWindowSeconds", 0},
                  {"selectPolicy", select},
                  {"policies",
                   {{{"type", "Pods"}, {"value", 4}, {"periodSeconds", 60}},
                    {{"type", "Percent"}, {"value", 10}, {"periodSeconds", 60}}}}}}};
  };
  Hpa most(with("Max"));
  most.replicas = 80;
  CHECK(most.sync(10) == 72);
  CHECK(most.sync(10) == 72);
  CHECK(most.sync(10, 45s) == 64);
  Hpa least(with("Min"));
  least.replicas = 80;
  CHECK(least.sync(10) == 76);
  CHECK(least.sync(10, 60s) == 72);
  Hpa none(with("Disabled"));
  none.replicas = 80;
  CHECK(none.sync(10) == 80);
}

TEST_CASE("ten percent of few rounds up on the way up, and down on the way down") {
  Hpa up(Json::parse(R"({"scaleUp": {"policies": [{"type": "Percent", "value": 10, "periodSeconds": 15}]}})"));
  up.replicas = 5;
  CHECK(up.sync(50) == 6);
  Hpa down(Json::parse(
      R"({"scaleDown": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 10, "periodSeconds": 15}]}})"));
  down.replicas = 5;
  CHECK(down.sync(1) == 4);
}

TEST_CASE("the bounds hold whatever the rules say") {
  Hpa hpa;
  hpa.replicas = 20;
  hpa.max = 10;
  CHECK(hpa.sync(50) == 10);
  hpa.min = 12;
  hpa.max = 30;
  CHECK(hpa.sync(1) == 12);
}

TEST_CASE("a tolerance is a part, or thousandths of it") {
  CHECK(behavior_of(Json::parse(R"({"scaleUp": {"tolerance": "0.05"}})")).up.tolerance == 0.05);
  CHECK(*behavior_of(Json::parse(R"({"scaleDown": {"tolerance": "50m"}})")).down.tolerance == doctest::Approx(0.05));
  CHECK_FALSE(behavior_of(Json()).up.tolerance);
}
