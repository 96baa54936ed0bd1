#include "scaling/world.hpp"

#include <penstock/scaling/comparison.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaling;
using namespace penstock::scaling::testing;

namespace {

const WallTime kWall{std::chrono::hours{500'000}};

// Rules that hold nothing back.
const Json kAtOnce = Json::parse(R"({
  "scaleUp": {"policies": [{"type": "Pods", "value": 1000, "periodSeconds": 1}]},
  "scaleDown": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 100, "periodSeconds": 1}]}})");

api::ConsumerScalerSpec at_once(int min = 1) {
  api::ConsumerScalerSpec spec = spec_of(100, min);
  spec.behavior = kAtOnce;
  spec.window = 2s;
  return spec;
}

struct Stage {
  explicit Stage(const api::ConsumerScalerSpec& spec = at_once()) : comparison(spec, {}, kWall) {}

  // So many ticks of a second with this lag, which nobody's replicas change, and these actual replicas.
  void tick(int ticks, const Lag& lag, std::optional<int> actual) {
    for (int i = 0; i < ticks; ++i) {
      passed += 1s;
      comparison.observe(lag, group, {actual, std::nullopt, unsettled}, SteadyTime{1h} + passed, kWall + passed);
    }
  }
  void tick(int ticks, std::int64_t lag, std::optional<int> actual) { tick(ticks, lag_of(lag, 12), actual); }
  Compared result() const { return comparison.result(); }

  Comparison comparison;
  GroupState group = stable_group();
  bool unsettled = false;
  Duration passed{};
};

Lag delayed(std::int64_t lag, Duration delay) {
  Lag one = lag_of(lag, 12);
  one.delay = api::Delay{delay};
  return one;
}

}  // namespace

TEST_CASE("replica-seconds, changes and the most of both are of the time in which both are known") {
  Stage stage;
  stage.tick(11, 100, 1);  // 10 s of 1 and 1
  stage.tick(10, 450, 3);  // a second of 1 and 1, 9 s of 3 and 5
  stage.tick(5, 450, {});  // a second of 3 and 5; then nobody knows the actual replicas
  stage.tick(1, 450, 8);   // from here on they are known again
  stage.tick(2, 450, 8);   // 2 s of 8 and 5
  const Compared result = stage.result();
  CHECK(result.since == kWall);
  CHECK(result.known == 23s);
  CHECK(result.actual.replica_seconds == 11 + 30 + 16);
  CHECK(result.penstock.replica_seconds == 11 + 50 + 10);
  CHECK(result.actual.changes == 2);
  CHECK(result.penstock.changes == 1);
  CHECK(result.actual.most == 8);
  CHECK(result.penstock.most == 5);
}

TEST_CASE("a difference has its largest moment, and the words of the decision") {
  Stage stage;
  stage.tick(10, 100, 1);
  stage.tick(5, 350, 1);
  stage.tick(5, delayed(1150, 40s), 1);
  stage.tick(5, 350, 2);
  stage.tick(5, 350, 4);
  const Compared result = stage.result();
  REQUIRE(result.differences.size() == 1);
  const Difference& one = result.differences[0];
  CHECK(one.from == kWall + 11s);
  CHECK(one.length == 15s);
  CHECK(one.replica_seconds == 5 * 3 + 5 * 11 + 5 * 2);
  CHECK(one.actual == 1);
  CHECK(one.penstock == 12);
  CHECK(one.lag == 1150);
  CHECK(one.delay == api::Delay{40s});
  CHECK(one.reason == "lag 1,150 at 100 a replica needs 12 replicas");
  CHECK_FALSE(one.goes_on);
}

TEST_CASE("a difference goes on, and ends where the other side has more or nothing is known") {
  Stage stage;
  stage.tick(5, 400, 4);
  stage.tick(5, 400, 2);
  CHECK(stage.result().differences[0].goes_on);
  CHECK(stage.result().differences[0].length == 4s);
  stage.tick(5, 400, 9);
  stage.tick(5, 400, {});
  stage.tick(5, 400, 9);
  const Compared result = stage.result();
  REQUIRE(result.differences.size() == 3);
  CHECK(result.differences[0].actual == 9);
  CHECK_FALSE(result.differences[0].goes_on);
  CHECK(result.differences[1].goes_on);
  CHECK(result.differences[2].actual == 2);
}

TEST_CASE("the ten largest differences are kept, the largest first, however many there are") {
  Stage stage;
  stage.tick(5, 400, 4);
  for (int i = 1; i <= 25; ++i) {
    stage.tick(i, 400, 5);
    stage.tick(2, 400, 4);
  }
  const Compared result = stage.result();
  REQUIRE(result.differences.size() == Comparison::kMostDifferences);
  CHECK(result.differences.front().replica_seconds == 25);
  CHECK(result.differences.back().replica_seconds == 16);
}

TEST_CASE("the threshold is missed by the spec's own terms, with the actual replicas") {
  struct Case {
    const char* what;
    std::optional<std::int64_t> lag_threshold;
    std::optional<Duration> delay_threshold;
    std::int64_t activation;
    Lag lag;
    int actual;
    bool missed;
  };
  Lag tail = lag_of(0, 12);
  tail.total = 500;  // as a person would count it, but nothing that replicas can help with
  Lag old = lag_of(500, 12);
  old.delay = api::Delay{30s, true};
  Lag ageless = lag_of(500, 12);
  ageless.delay.reset();
  for (const Case& c : {
           Case{"as much lag as the replicas may have", 100, {}, 0, lag_of(300, 12), 3, false},
           Case{"more", 100, {}, 0, lag_of(301, 12), 3, true},
           Case{"what no replica can help with", 100, {}, 0, tail, 3, false},
           Case{"records that nobody is there for", 100, {}, 0, lag_of(1, 12), 0, true},
           Case{"no more than may wait at 0", 100, {}, 50, lag_of(50, 12), 0, false},
           Case{"as old as a record may get", {}, 20s, 0, delayed(500, 20s), 1, false},
           Case{"older", {}, 20s, 0, delayed(500, 21s), 1, true},
           Case{"at least so old", {}, 20s, 0, old, 1, true},
           Case{"nobody knows how old", {}, 20s, 0, ageless, 1, false},
           Case{"old records that may wait at 0", {}, 20s, 500, delayed(500, 1h), 0, false},
           Case{"the delay counts where there are both", 100, 20s, 0, delayed(9000, 5s), 1, false},
           Case{"an unknown lag", 100, {}, 0, unknown_lag(), 1, false},
       }) {
    CAPTURE(c.what);
    api::ConsumerScalerSpec spec = at_once(0);
    spec.lag_threshold = c.lag_threshold;
    spec.delay_threshold = c.delay_threshold;
    spec.activation_lag_threshold = c.activation;
    Stage stage(spec);
    stage.tick(1, 0, c.actual);
    stage.tick(11, c.lag, c.actual);
    CHECK(stage.result().missed == (c.missed ? 10s : 0s));
    CHECK(stage.result().lag_threshold == c.lag_threshold);
    CHECK(stage.result().delay_threshold == c.delay_threshold);
  }
}

TEST_CASE("behavior holds back what Penstock would have had, and the words say so") {
  api::ConsumerScalerSpec spec = spec_of(100, 1);
  spec.window = 2s;
  Stage stage(spec);
  stage.tick(5, 100, 1);
  stage.tick(5, 1200, 1);
  REQUIRE(stage.result().differences.size() == 1);
  CHECK(stage.result().differences[0].penstock == 5);  // four more in fifteen seconds
  CHECK(stage.result().differences[0].reason ==
        "behavior allows no more than 5; lag 1,200 at 100 a replica needs 12 replicas");
  stage.tick(30, 1200, 12);
  CHECK(stage.result().penstock.most == 12);
  stage.tick(200, 100, 1);
  CHECK(stage.result().differences[0].penstock == 12);  // five minutes of stabilisation
  CHECK(stage.result().differences[0].reason == "behavior keeps 12; lag 100 at 100 a replica needs 1 replica");
}

TEST_CASE("it begins with the actual replicas, and takes none away before it has looked on for a window") {
  Stage stage(spec_of(100, 1));
  stage.tick(5, unknown_lag(), {});
  stage.tick(200, 100, 8);
  CHECK(stage.result().penstock.most == 8);
  CHECK(stage.result().penstock.changes == 0);
  CHECK(stage.result().differences.empty());
}

TEST_CASE("a workload at 0 that may not be there begins with the minimum") {
  Stage stage(at_once(2));
  stage.tick(5, 0, 0);
  CHECK(stage.result().penstock.most == 2);
}

TEST_CASE("it wakes at once and rests after the cooldown") {
  api::ConsumerScalerSpec spec = at_once(0);
  spec.cooldown = 10s;
  SUBCASE("by rules of its own from the first replica on") {}
  SUBCASE("without, to what is desired") {
    spec.behavior.erase("scaleUp");
  }
  Stage stage(spec);
  stage.tick(5, 0, 0);
  CHECK(stage.result().penstock.most == 0);
  stage.tick(1, 350, 0);
  CHECK(stage.result().penstock.most == (spec.behavior.contains("scaleUp") ? 1 : 4));
  stage.tick(5, 350, 0);
  CHECK(stage.result().penstock.most == 4);
  stage.tick(30, 0, 0);
  const Compared result = stage.result();
  REQUIRE(result.differences.size() == 1);
  CHECK_FALSE(result.differences[0].goes_on);
}

TEST_CASE("a hold keeps Penstock's own replicas, not the other autoscaler's") {
  Stage stage;
  stage.tick(10, 400, 4);
  SUBCASE("in a rebalance, as the other's scaling brings it about") {
    stage.group.state = "PreparingRebalance";
  }
  SUBCASE("while brokers are not ready") {
    stage.unsettled = true;
  }
  SUBCASE("otherwise it follows the lag") {}
  const bool holds = stage.group.rebalancing() || stage.unsettled;
  stage.tick(10, 200, 12);
  const Compared result = stage.result();
  REQUIRE(result.differences.size() == 1);
  CHECK(result.differences[0].penstock == (holds ? 4 : 2));
  CHECK(result.penstock.most == 4);
}

TEST_CASE("while the lag is unknown nothing is taken away, and without a decision nothing is counted") {
  Stage stage;
  stage.tick(10, 400, 4);
  stage.tick(60, unknown_lag(), 4);  // held
  CHECK(stage.result().known == 69s);
  CHECK(stage.result().penstock.changes == 0);
  stage.tick(600, unknown_lag(), 4);  // three minutes of hold, no fallback
  CHECK(stage.result().known > 180s);
  CHECK(stage.result().known < 200s);
  CHECK(stage.result().penstock.changes == 0);
}

TEST_CASE("a silence counts for nothing") {
  Stage stage;
  stage.tick(10, 400, 2);
  stage.passed += 1h;
  stage.tick(10, 400, 2);
  CHECK(stage.result().known == 18s);
  CHECK(stage.result().differences.size() == 2);
}
