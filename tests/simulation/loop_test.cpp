#include <penstock/simulation/scenarios.hpp>

#include <algorithm>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::simulation;

namespace {

const Scenario& scenario(const std::vector<Scenario>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &Scenario::name);
  REQUIRE(found != all.end());
  return *found;
}

}  // namespace

TEST_CASE("the same loop runs the same way twice") {
  const std::vector<Scenario> all = scenarios();
  const Outcome one = run(all.front(), Rule::kPenstock), two = run(all.front(), Rule::kPenstock);
  CHECK(one.replica_hours == two.replica_hours);
  CHECK(one.moments.back().lag == two.moments.back().lag);
}

TEST_CASE("on every load the decision misses its promise least, changes its mind less, and has what an oracle has") {
  for (const Scenario& each : scenarios()) {
    CAPTURE(each.name);
    const Outcome ours = run(each, Rule::kPenstock), keda = run(each, Rule::kKeda), oracle = run(each, Rule::kOracle);
    // Where nobody can keep up, both miss, and the moment decides: within a period of the autoscaler.
    CHECK(ours.missed_minutes <= keda.missed_minutes + 0.25);
    CHECK(ours.replica_hours <= 1.1 * oracle.replica_hours);
    CHECK(ours.scalings < keda.scalings);
    CHECK(ours.reversals <= keda.reversals);
    const int feedable = each.growth.empty() ? each.world.partitions : each.growth.rbegin()->second;
    CHECK(ours.highest <= feedable);
  }
}

TEST_CASE("a load that partitions can't carry evenly gets all of them, and no pendulum") {
  const std::vector<Scenario> all = scenarios();
  const Outcome ours = run(scenario(all, "step"), Rule::kPenstock);
  CHECK(ours.missed_minutes == 0);
  CHECK(ours.replica_hours < 1.1 * ours.ideal_hours);
  CHECK(run(scenario(all, "step"), Rule::kKeda).missed_minutes > 60);
}

TEST_CASE("a partition that gets more than others has few others beside it, as long as a consumer keeps up with it") {
  Scenario hot = scenario(scenarios(), "one hot partition");
  hot.load = [](Duration) { return 150.0; };  // 67.5 on it
  const Outcome relieved = run(hot, Rule::kPenstock);
  CHECK(relieved.missed_minutes == 0);
  CHECK(relieved.moments.back().replicas == 3);
  CHECK(relieved.moments.back().delay < 10s);
  CHECK(relieved.highest < 12);
}

TEST_CASE("what comes later comes to the same, with the load of the beginning before it") {
  const Scenario growing = scenario(scenarios(), "partitions growing"), shifted = later(growing, 1min);
  CHECK(shifted.load(0s) == growing.load(0s));
  CHECK(shifted.load(11min) == growing.load(10min));
  CHECK(shifted.growth.contains(21min));
  CHECK(shifted.length == growing.length + 1min);
}

TEST_CASE("a hot and a stuck partition are named and buy no replicas") {
  const std::vector<Scenario> all = scenarios();
  const Outcome hot = run(scenario(all, "one hot partition"), Rule::kPenstock);
  CHECK(hot.reasons.contains("PartitionSkewed"));
  CHECK(hot.replica_hours < 1.1 * hot.ideal_hours);
  const Outcome stuck = run(scenario(all, "stuck partition"), Rule::kPenstock);
  CHECK(stuck.reasons.contains("PartitionStuck"));
  CHECK(stuck.replica_hours < 1.1 * stuck.ideal_hours);
}

TEST_CASE("what was transactional sleeps in the end in spite of its markers") {
  const std::vector<Scenario> all = scenarios();
  CHECK(run(scenario(all, "transactional"), Rule::kPenstock).moments.back().replicas == 0);
}

TEST_CASE("an oracle is given the ideal where it rises, and what the autoscaler's window keeps where it falls") {
  const std::vector<Scenario> all = scenarios();
  const Outcome step = run(scenario(all, "step"), Rule::kOracle);
  CHECK(step.replica_hours == doctest::Approx(step.ideal_hours).epsilon(0.01));
  CHECK(step.reversals == 0);
  const Outcome spike = run(scenario(all, "spike"), Rule::kOracle);
  CHECK(spike.replica_hours - spike.ideal_hours == doctest::Approx((12 - 2) * 5.0 / 60).epsilon(0.1));
}
