#include "scaling/world.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaling;
using scaling::testing::lag_of;
using scaling::testing::Run;
using scaling::testing::says;
using scaling::testing::spec_of;
using scaling::testing::stable_group;

TEST_CASE("need is lag over threshold, rounded up, and is said in words") {
  struct {
    std::int64_t lag, threshold;
    int desired;
  } const cases[] = {{1, 1000, 1}, {1000, 1000, 1}, {1001, 1000, 2}, {12'345, 1000, 13}, {7, 1, 7}, {99, 100, 1}};
  for (const auto& c : cases) {
    Run run;
    run.spec.lag_threshold = c.threshold;
    const Decision decision = run.step(lag_of(c.lag));
    CHECK(decision.known);
    CHECK(decision.active);
    CHECK(decision.desired == c.desired);
    CHECK(decision.metric == c.lag);
    CHECK(decision.limited_by == "");
    CHECK(decision.freshness == Freshness::kFresh);
  }
  Run run;
  CHECK(run.step(lag_of(12'345)).reasons ==
        std::vector<std::string>{"lag 12,345 at 1,000 a replica needs 13 replicas"});
}

TEST_CASE("the cap holds, the metric stays the true lag, and the words name the topic") {
  Run run;
  run.spec.max_replicas = 50;
  const Decision decision = run.step(lag_of(500'000, 12));
  CHECK(decision.desired == 12);
  CHECK(decision.cap == 12);
  CHECK(decision.limited_by == "Partitions");
  CHECK(decision.metric == 500'000);
  CHECK(decision.reasons.back() == "capped at 12: orders has 12 partitions");
}

TEST_CASE("the lower of maximum and cap holds and is named") {
  Run run;
  run.spec.max_replicas = 5;
  Decision decision = run.step(lag_of(500'000, 12));
  CHECK(decision.desired == 5);
  CHECK(decision.limited_by == "MaxReplicas");
  CHECK(decision.cap == 12);
  run.spec.min_replicas = 20;
  run.spec.max_replicas = 30;
  decision = run.step(lag_of(0, 12));
  CHECK(decision.desired == 12);  // a minimum above the cap is lowered to it
}

TEST_CASE("what feeds a replica depends on the assignor, the topics and the consumers in it") {
  Lag lag = lag_of(0, 36);
  lag.largest_topic = 24;
  auto spec = spec_of();
  CHECK(feedable_replicas(lag, "cooperative-sticky", 0, spec) == 36);
  CHECK(feedable_replicas(lag, "uniform", 0, spec) == 36);
  CHECK(feedable_replicas(lag, "", 0, spec) == 36);
  CHECK(feedable_replicas(lag, "range", 0, spec) == 24);
  CHECK(feedable_replicas(lag, "stream", 0, spec) == 24);  // Streams with the classic protocol
  CHECK(feedable_replicas(lag, "", 60, spec) == 60);       // Streams with its own
  spec.consumers_per_replica = 5;
  CHECK(feedable_replicas(lag, "range", 0, spec) == 5);
  CHECK(feedable_replicas(lag, "sticky", 0, spec) == 8);
  CHECK(feedable_replicas(lag, "", 61, spec) == 13);
  spec.cap_to_partitions = false;
  CHECK(feedable_replicas(lag, "range", 0, spec) == 0);
}

TEST_CASE("a share group has no cap, also while it is empty: its members share partitions") {
  Run run;
  run.spec.even_spread = true;
  run.group.type = "Share";
  Decision decision = run.step(lag_of(30'000, 12));
  CHECK(decision.cap == 0);
  CHECK(decision.desired == 30);
  run.group.type = "";
  run.group.state = "Dead";
  decision = run.step(lag_of(30'000, 12));
  CHECK(decision.cap == 0);
  CHECK(decision.desired == 30);
  run.group.type = "Classic";
  run.group.state = "Stable";
  CHECK(run.step(lag_of(30'000, 12)).desired == 12);
}

TEST_CASE("a Streams group is capped at its tasks, also while nobody knows of any, and no longer once it is another") {
  Run run;
  const Lag lag = lag_of(1'000'000, 12);
  run.group = {true, "Streams", "Stable", "", 1, 7};
  Decision decision = run.step(lag);
  CHECK(decision.desired == 7);
  CHECK(decision.cap == 7);
  CHECK(decision.limited_by == "Partitions");
  CHECK(says(decision, "capped at 7: the Streams group has 7 tasks"));
  run.group = {true, "Streams", "NotReady", "", 0, 0};
  CHECK(run.step(lag).cap == 7);
  run.group = {true, "", "Dead", "", 0, 0};
  CHECK(run.step(lag).cap == 7);
  run.group = {true, "Streams", "Stable", "", 1, 30};
  CHECK(run.step(lag).cap == 30);
  run.group = stable_group();
  CHECK(run.step(lag).cap == 12);
}

TEST_CASE("even spread counts the tasks of a Streams group") {
  Run run;
  run.spec.even_spread = true;
  run.group = {true, "Streams", "Stable", "", 1, 7};
  CHECK(run.step(lag_of(5'000, 12)).desired == 7);
}

TEST_CASE("an empty group is capped by the assignor that it had") {
  Run run;
  Lag lag = lag_of(1'000'000, 36);
  lag.largest_topic = 24;
  run.group = stable_group("range");
  CHECK(run.step(lag).desired == 24);
  run.group = {true, "Classic", "Empty", "", 0};
  const Decision decision = run.step(lag);
  CHECK(decision.desired == 24);
  CHECK(says(decision, "with the range assignor the largest topic feeds 24 partitions"));
}

TEST_CASE("more partitions raise the cap, and without a cap there is none") {
  Run run;
  CHECK(run.step(lag_of(1'000'000, 12)).desired == 12);
  CHECK(run.step(lag_of(1'000'000, 16)).desired == 16);
  run.spec.cap_to_partitions = false;
  const Decision decision = run.step(lag_of(100'000, 16));
  CHECK(decision.desired == 100);
  CHECK(decision.cap == 0);
}

TEST_CASE("with even spread only counts that relieve the fullest consumer are chosen") {
  Run run;
  run.spec.even_spread = true;
  const int expected[] = {1, 2, 3, 4, 5, 10, 10, 10, 10, 10};
  for (int need = 1; need <= 10; ++need) {
    const Decision decision = run.step(lag_of(need * std::int64_t{1000}, 10));
    CAPTURE(need);
    CHECK(decision.desired == expected[need - 1]);
    CHECK(decision.limited_by == (expected[need - 1] == need ? "" : "EvenSpread"));
    if (decision.limited_by == "EvenSpread") CHECK(decision.metric == expected[need - 1] * 1000.0);
  }
  CHECK(run.step(lag_of(50'000, 10)).limited_by == "Partitions");
  run.spec.consumers_per_replica = 2;
  CHECK(run.step(lag_of(3000, 10)).desired == 3);  // 6 consumers: 2 each at most
  CHECK(run.step(lag_of(4000, 10)).desired == 5);  // 8 would leave somebody with 2 all the same
}

TEST_CASE("one replica more needs a clear need for two seconds, or the cap") {
  Run run;
  run.workload.current_replicas = 10;
  CHECK(run.step(lag_of(10'100)).desired == 10);  // inside the dead band, for ever
  CHECK(run.step(lag_of(10'100), 1min).desired == 10);
  CHECK(run.step(lag_of(10'500)).desired == 10);
  CHECK(run.step(lag_of(10'500), 1s).desired == 10);
  CHECK(run.step(lag_of(10'500), 1s).desired == 11);
  CHECK(run.step(lag_of(10'050)).desired == 10);
  CHECK(run.step(lag_of(10'500)).desired == 10);          // the two seconds begin again
  CHECK(run.step(lag_of(12'500)).desired == 13);          // much more: at once
  CHECK(run.step(lag_of(10'001, 11), 1s).desired == 11);  // the cap is the need: at once
}

TEST_CASE("one replica fewer needs a whole window, several fewer are said at once") {
  Run run;
  run.workload.current_replicas = 10;
  CHECK(run.step(lag_of(9000)).desired == 10);
  CHECK(run.step(lag_of(8500), 30s).desired == 10);
  CHECK(run.step(lag_of(9000), 29s).desired == 10);
  const Decision decision = run.step(lag_of(9000), 1s);
  CHECK(decision.desired == 9);
  CHECK(run.step(lag_of(9500)).desired == 10);
  CHECK(run.step(lag_of(9000)).desired == 10);  // the window begins again
  CHECK(run.step(lag_of(3000)).desired == 3);
}

TEST_CASE("0 to 1 is immediate, 1 to 0 waits for the cooldown") {
  Run run;
  run.workload.current_replicas = 0;
  Decision decision = run.step(lag_of(0));
  CHECK(decision.desired == 0);
  CHECK_FALSE(decision.active);
  CHECK(decision.known);
  decision = run.step(lag_of(1));
  CHECK(decision.desired == 1);
  CHECK(decision.active);
  CHECK(decision.memory.last_active == run.now);
  run.workload.current_replicas = 1;
  decision = run.step(lag_of(0), 4min);
  CHECK(decision.desired == 1);
  CHECK(decision.active);
  CHECK(says(decision, "cooldown of 5m"));
  CHECK(decision.metric == 0);  // HPA's own minimum of 1 keeps it
  decision = run.step(lag_of(0), 59s);
  CHECK(decision.desired == 1);
  decision = run.step(lag_of(0), 1s);
  CHECK(decision.desired == 0);
  CHECK_FALSE(decision.active);
}

TEST_CASE("lag up to the activation threshold wakes nobody, and lets nobody work for ever") {
  Run run;
  run.spec.activation_lag_threshold = 50;
  run.spec.lag_threshold = 10;
  run.workload.current_replicas = 0;
  CHECK(run.step(lag_of(50)).desired == 0);
  CHECK(run.step(lag_of(51)).desired == 6);
  CHECK(run.step(lag_of(50)).desired == 5);
  CHECK(run.step(lag_of(50), 5min).desired == 0);
}

TEST_CASE("a minimum of one or more is never left for 0") {
  Run run;
  run.spec.min_replicas = 2;
  const Decision decision = run.step(lag_of(0), 24h);
  CHECK(decision.desired == 2);
  CHECK(decision.limited_by == "MinReplicas");
  CHECK(decision.active);
  CHECK(decision.metric == 0);  // HPA's own minimum does it
}

TEST_CASE("records without a commit want one replica") {
  Run run;
  Lag lag = lag_of(0);
  lag.arrivals_without_commit = true;
  const Decision decision = run.step(lag);
  CHECK(decision.desired == 1);
  CHECK(decision.active);
  CHECK(decision.memory.last_active == run.now);
}

TEST_CASE("a workload that runs when we first see it rests only after a whole cooldown") {
  Run run;
  run.workload.current_replicas = 3;
  CHECK(run.step(lag_of(0)).desired == 1);
  CHECK(run.step(lag_of(0), 5min - 1s).desired == 1);
  CHECK(run.step(lag_of(0), 1s).desired == 0);
}

TEST_CASE("while the group rebalances nothing is taken away, but more may come") {
  for (const auto* state : {"PreparingRebalance", "Reconciling"}) {
    Run run;
    run.workload = {.current_replicas = 6, .hpa_desired = 8};
    run.group.state = state;
    Decision decision = run.step(lag_of(2000));
    CHECK(decision.desired == 8);
    CHECK(decision.metric == 8000);
    CHECK(says(decision, "rebalancing"));
    decision = run.step(lag_of(9500));
    CHECK(decision.desired == 10);
    CHECK_FALSE(says(decision, "rebalancing"));  // it held nothing back
    run.memory.last_desired = 9;
    CHECK(run.step(lag_of(2000)).desired == 9);
    run.spec.hold_during_rebalance = false;
    CHECK(run.step(lag_of(2000)).desired == 2);
  }
}

TEST_CASE("while brokers are not ready nothing is taken away, but more may come") {
  Run run;
  run.workload = {.current_replicas = 6, .hpa_desired = 8, .unsettled = true};
  Decision decision = run.step(lag_of(2000));
  CHECK(decision.desired == 8);
  CHECK(says(decision, "brokers of the platform are not ready: no scale-in below 8"));
  decision = run.step(lag_of(9500));
  CHECK(decision.desired == 10);
  CHECK_FALSE(says(decision, "not ready"));  // it held nothing back
  run.workload.unsettled = false;
  CHECK(run.step(lag_of(2000)).desired == 2);
}

TEST_CASE("a hold stays below the cap") {
  Run run;
  run.workload.current_replicas = 20;
  run.group.state = "PreparingRebalance";
  const Decision decision = run.step(lag_of(2000, 12));
  CHECK(decision.desired == 12);
  CHECK(decision.limited_by == "Partitions");
}

TEST_CASE("a young scaler does not lower what was decided before it") {
  Run run;
  run.memory.published_desired = 7;
  CHECK(run.step(lag_of(2000)).desired == 7);
  CHECK(run.step(lag_of(9000)).desired == 9);
  CHECK(run.step(lag_of(2000), 57s).desired == 7);
  CHECK(run.step(lag_of(2000), 2s).desired == 2);
}
