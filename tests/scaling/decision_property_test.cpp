#include "scaling/world.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaling;
using scaling::testing::lag_of;
using scaling::testing::unknown_lag;

namespace {

class Generator {
 public:
  int number(int from, int to) { return std::uniform_int_distribution(from, to)(random_); }
  bool chance(double of) { return std::bernoulli_distribution(of)(random_); }
  template <class T>
  std::optional<T> maybe(T value) {
    return chance(0.7) ? std::optional(value) : std::nullopt;
  }

  api::ConsumerScalerSpec spec() {
    api::ConsumerScalerSpec spec = testing::spec_of(number(1, 5) * std::int64_t{chance(0.5) ? 1 : 500}, number(0, 4));
    if (chance(0.5)) spec.max_replicas = number(std::max(spec.min_replicas, 1), 40);
    if (chance(0.3)) spec.delay_threshold = number(5, 120) * 1s;
    if (spec.delay_threshold && chance(0.5)) spec.lag_threshold.reset();
    spec.cap_to_partitions = chance(0.8);
    spec.consumers_per_replica = number(1, 3);
    spec.even_spread = chance(0.3);
    spec.activation_lag_threshold = chance(0.3) ? number(0, 2000) : 0;
    spec.cooldown = number(0, 300) * 1s;
    spec.hold_during_rebalance = chance(0.7);
    if (chance(0.5)) spec.fallback = {number(1, 200) * 1s, number(0, 20), api::FallbackPolicy(number(0, 2))};
    return spec;
  }
  GroupState group() {
    static const char* const kStates[] = {"Stable", "Empty", "PreparingRebalance", "Reconciling", ""};
    static const char* const kAssignors[] = {"range", "cooperative-sticky", "uniform", ""};
    return {chance(0.9), "Classic", kStates[number(0, 4)], kAssignors[number(0, 3)], 1};
  }
  Workload workload() { return {maybe(number(0, 30)), maybe(number(0, 30))}; }
  std::int64_t lag() { return chance(0.2) ? 0 : number(0, chance(0.5) ? 100 : 100'000); }
  Memory memory(SteadyTime now) {
    Memory memory;
    memory.started = now - number(0, 600) * 1s;
    memory.last_good = maybe(now - number(0, 300) * 1s);
    memory.last_active = maybe(now - number(0, 400) * 1s);
    memory.last_desired = maybe(number(0, 30));
    memory.need_above_since = maybe(now - number(0, 5) * 1s);
    memory.need_below_since = maybe(now - number(0, 120) * 1s);
    memory.last_cap = number(0, 12);
    if (chance(0.6)) memory.consumer_capacity = number(1, 2000) / 10.0;
    memory.last_current = maybe(number(0, 30));
    memory.replicas_rose = maybe(now - number(0, 100) * 1s);
    if (chance(0.2)) memory.published_desired = number(0, 20);
    return memory;
  }

 private:
  std::mt19937 random_{20260101};
};

// kube-controller-manager's arithmetic for an External metric with an AverageValue target.
struct HpaOutcome {
  int desired;
  bool within_tolerance;
};
HpaOutcome hpa(double metric, double target, int current, int min, int max) {
  const double ratio = metric / (target * current);
  if (std::abs(ratio - 1) <= 0.1) return {std::clamp(current, min, max), true};
  return {static_cast<int>(std::clamp(std::ceil(metric / target), double(min), double(max))), false};
}

constexpr int kRuns = 20'000;
const SteadyTime kNow{2h};

}  // namespace

TEST_CASE("whatever comes, a decision lies within the bounds and never above the cap") {
  Generator any;
  for (int i = 0; i < kRuns; ++i) {
    const auto spec = any.spec();
    const bool known = any.chance(0.7);
    const Lag lag = known ? lag_of(any.lag(), any.number(1, 30)) : unknown_lag();
    const Decision d = decide(lag, any.group(), spec, any.workload(), any.memory(kNow), kNow);
    if (known) {
      REQUIRE(d.known);
      REQUIRE((d.cap > 0) == spec.cap_to_partitions);
    }
    if (!d.known) continue;
    int upper = spec.max_replicas.value_or(1 << 30);
    if (d.cap > 0) upper = std::min(upper, d.cap);
    REQUIRE(d.desired <= upper);
    REQUIRE(d.desired >= std::min(spec.min_replicas, upper));
    REQUIRE(d.active == (d.desired > 0));
    REQUIRE(std::isfinite(d.metric));
    REQUIRE_FALSE(d.reasons.empty());
  }
}

TEST_CASE("more lag never means fewer replicas") {
  Generator any;
  for (int i = 0; i < kRuns; ++i) {
    const auto spec = any.spec();
    const auto group = any.group();
    const auto workload = any.workload();
    const auto memory = any.memory(kNow);
    const int partitions = any.number(1, 30);
    const auto little = any.lag();
    const auto much = little + any.number(0, 5000);
    const int fewer = decide(lag_of(little, partitions), group, spec, workload, memory, kNow).desired;
    const int more = decide(lag_of(much, partitions), group, spec, workload, memory, kNow).desired;
    CAPTURE(little);
    CAPTURE(much);
    REQUIRE(more >= fewer);
  }
}

TEST_CASE("more lag that waits for longer, or arrives faster, never means fewer replicas under a delay threshold") {
  Generator any;
  int more_often = 0;
  for (int i = 0; i < kRuns; ++i) {
    auto spec = any.spec();
    spec.delay_threshold = any.number(5, 120) * 1s;
    const auto group = any.group();
    const auto workload = any.workload();
    const auto memory = any.memory(kNow);
    const int partitions = any.number(2, 30);
    Lag little = lag_of(any.lag(), partitions);
    little.delay = api::Delay{any.number(0, 200) * 1s, any.chance(0.2)};
    if (any.chance(0.8)) little.arrival_rate = any.number(0, 3000);
    Lag much = little;
    much.total = much.waiting = much.useful = *little.total + any.number(0, 5000);
    much.delay->age += any.number(0, 60) * 1s;
    if (much.arrival_rate) *much.arrival_rate += any.number(0, 500);
    if (any.chance(0.2)) {
      const HotPartition hot{"orders", 1, *little.useful * any.number(50, 100) / 100};
      little.hot = much.hot = hot;
    }
    const int fewer = decide(little, group, spec, workload, memory, kNow).desired;
    const int more = decide(much, group, spec, workload, memory, kNow).desired;
    CAPTURE(*little.total);
    CAPTURE(*much.total);
    CAPTURE(little.delay->age.count());
    CAPTURE(much.delay->age.count());
    REQUIRE(more >= fewer);
    more_often += more > fewer;
  }
  CHECK(more_often > kRuns / 50);
}

TEST_CASE("an unknown lag that is held never lowers what was decided or runs, but for the bounds") {
  Generator any;
  int held = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto spec = any.spec();
    const auto workload = any.workload();
    const auto memory = any.memory(kNow);
    const Decision d = decide(unknown_lag(), any.group(), spec, workload, memory, kNow);
    if (d.freshness != Freshness::kStale) continue;
    ++held;
    int before = std::max(workload.current_replicas.value_or(0), memory.last_desired.value_or(0));
    if (spec.max_replicas) before = std::min(before, *spec.max_replicas);
    if (d.cap > 0) before = std::min(before, d.cap);
    REQUIRE(d.desired >= before);
  }
  CHECK(held > kRuns / 10);
}

TEST_CASE("the same input gives the same decision in the same words") {
  Generator any;
  for (int i = 0; i < kRuns / 10; ++i) {
    const auto spec = any.spec();
    const auto group = any.group();
    const auto workload = any.workload();
    const auto memory = any.memory(kNow);
    const Lag lag = lag_of(any.lag(), any.number(1, 30));
    const Decision a = decide(lag, group, spec, workload, memory, kNow);
    const Decision b = decide(lag, group, spec, workload, memory, kNow);
    REQUIRE(a.reasons == b.reasons);
    REQUIRE(a.memory == b.memory);
    REQUIRE(a.metric == b.metric);
  }
}

TEST_CASE("HPA's own arithmetic lands on the decision, and at its maximum even from within its tolerance") {
  Generator any;
  int inside = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto spec = any.spec();
    const Workload workload{any.number(1, 40), {}};
    const Lag lag = any.chance(0.8) ? lag_of(any.lag(), any.number(1, 30)) : unknown_lag();
    const Decision d = decide(lag, any.group(), spec, workload, any.memory(kNow), kNow);
    if (!d.known || d.desired < 1) continue;
    int max = spec.max_replicas.value_or(1 << 30);
    if (d.cap > 0) max = std::min(max, d.cap);
    const int min = std::min(std::max(1, spec.min_replicas), max);
    const int current = *workload.current_replicas;
    const auto [landed, tolerated] = hpa(d.metric, static_cast<double>(spec.metric_target()), current, min, max);
    CAPTURE(current);
    CAPTURE(d.metric);
    if (!tolerated || d.desired == max) {
      // Above the maximum HPA comes down to it whatever the metric.
      REQUIRE(landed == d.desired);
    } else {
      ++inside;
      REQUIRE(std::abs(landed - d.desired) <= std::ceil(0.1 * current));
    }
  }
  CHECK(inside > 0);
}
