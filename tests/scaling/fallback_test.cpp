#include "scaling/world.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaling;
using scaling::testing::lag_of;
using scaling::testing::says;
using scaling::testing::unknown_lag;

namespace {

struct Outage : scaling::testing::Run {
  Outage() { workload.current_replicas = 4; }
};

api::Fallback fallback(api::FallbackPolicy policy) {
  return {.after = 1min, .replicas = 6, .policy = policy};
}

}  // namespace

TEST_CASE("without a sample there is no answer, and the reason is said") {
  Outage outage;
  const Decision decision = outage.step(unknown_lag());
  CHECK_FALSE(decision.known);
  CHECK_FALSE(decision.active);
  CHECK(decision.freshness == Freshness::kNever);
  CHECK(says(decision, "orders/3: no leader"));
  CHECK_FALSE(outage.step(unknown_lag(), 24h).known);
}

TEST_CASE("after an error the last good decision is held, never lowered, then there is no answer") {
  Outage outage;
  outage.workload.current_replicas = 9;
  CHECK(outage.step(lag_of(9000)).desired == 9);
  outage.workload.current_replicas = 4;
  Decision decision = outage.step(unknown_lag());
  CHECK(decision.known);
  CHECK(decision.active);
  CHECK(decision.freshness == Freshness::kStale);
  CHECK(decision.desired == 9);
  CHECK(decision.metric == 9000);
  CHECK(decision.cap == 100);
  decision = outage.step(unknown_lag(), 3min - 2s);
  CHECK(decision.freshness == Freshness::kStale);
  decision = outage.step(unknown_lag(), 1s);
  CHECK_FALSE(decision.known);
  CHECK(decision.freshness == Freshness::kFallback);
  CHECK(says(decision, "no fallback is set"));
  decision = outage.step(lag_of(6000));
  CHECK(decision.freshness == Freshness::kFresh);
  CHECK(decision.desired == 6);
}

TEST_CASE("a stale decision keeps more where more runs or HPA wants more") {
  Outage outage;
  outage.step(lag_of(2000));
  outage.workload = {.current_replicas = 7, .hpa_desired = 8};
  CHECK(outage.step(unknown_lag()).desired == 8);
}

TEST_CASE("an idle workload at 0 stays at 0 through a short outage") {
  Outage outage;
  outage.workload.current_replicas = 0;
  outage.step(lag_of(0));
  const Decision decision = outage.step(unknown_lag());
  CHECK(decision.known);
  CHECK(decision.desired == 0);
  CHECK_FALSE(decision.active);
}

TEST_CASE("the fallback takes over after its time and counts as active") {
  struct {
    api::FallbackPolicy policy;
    std::optional<int> current;
    int desired;
  } const cases[] = {
      {api::FallbackPolicy::kStatic, 4, 6},          {api::FallbackPolicy::kStatic, 9, 6},
      {api::FallbackPolicy::kStatic, 0, 6},          {api::FallbackPolicy::kCurrent, 4, 4},
      {api::FallbackPolicy::kCurrentIfHigher, 4, 6}, {api::FallbackPolicy::kCurrentIfHigher, 9, 9},
      {api::FallbackPolicy::kCurrent, {}, 3},
  };
  for (const auto& c : cases) {
    Outage outage;
    outage.spec.fallback = fallback(c.policy);
    outage.workload.current_replicas = {};
    outage.step(lag_of(3000));
    outage.workload.current_replicas = c.current;
    CHECK(outage.step(unknown_lag(), 59s).freshness == Freshness::kStale);
    const Decision decision = outage.step(unknown_lag());
    CHECK(decision.known);
    CHECK(decision.freshness == Freshness::kFallback);
    CHECK(decision.desired == c.desired);
    CHECK(decision.metric == c.desired * 1000.0);
    CHECK(decision.active);
  }
}

TEST_CASE("a scaler that starts in an outage falls back too") {
  Outage outage;
  outage.spec.fallback = fallback(api::FallbackPolicy::kStatic);
  CHECK_FALSE(outage.step(unknown_lag()).known);
  CHECK_FALSE(outage.step(unknown_lag(), 59s).known);
  const Decision decision = outage.step(unknown_lag(), 1s);
  CHECK(decision.known);
  CHECK(decision.desired == 6);
}

TEST_CASE("the fallback keeps to the bounds") {
  Outage outage;
  outage.spec.fallback = fallback(api::FallbackPolicy::kStatic);
  outage.step(lag_of(3000, 5));
  Decision decision = outage.step(unknown_lag(), 1min);
  CHECK(decision.desired == 5);
  CHECK(decision.limited_by == "Partitions");
  CHECK(says(decision, "capped at 5"));
  outage.spec.max_replicas = 2;
  decision = outage.step(unknown_lag());
  CHECK(decision.desired == 2);
  CHECK(decision.limited_by == "MaxReplicas");
}
