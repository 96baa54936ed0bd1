#include "scaling/world.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaling;
using scaling::testing::lag_of;
using scaling::testing::says;
using scaling::testing::spec_of;

namespace {

struct Run : scaling::testing::Run {
  Run() {
    spec.lag_threshold.reset();
    spec.delay_threshold = 30s;
    spec.min_replicas = 1;
  }
  Run& running(int replicas) {
    workload.current_replicas = replicas;
    group.members = replicas * spec.consumers_per_replica;
    return *this;
  }
  Run& consumes(double capacity) {
    memory.consumer_capacity = capacity;
    return *this;
  }
};

Lag arriving(double rate, std::int64_t waiting, int partitions = 100, Duration age = 0s) {
  Lag lag = lag_of(waiting, partitions);
  lag.arrival_rate = rate;
  lag.delay = api::Delay{age, false};
  return lag;
}

// A second of work: so many records consumed, records waiting for long on so many partitions.
Lag at_work(std::int64_t consumed, int backlogged, int partitions = 4) {
  Lag lag = lag_of(10'000, partitions);
  lag.progress = Progress{consumed, 1s, partitions, backlogged, backlogged == 0 ? 0 : consumed, backlogged};
  return lag;
}

}  // namespace

TEST_CASE("what one backlog taught is tried with fewer replicas while nothing waits, and counts as it is otherwise") {
  struct {
    int lessons;
    std::int64_t waiting;
    int desired;
  } const cases[] = {{1, 0, 3}, {1, 10'000, 12}, {2, 0, 4}, {0, 0, 4}};
  for (const auto& c : cases) {
    Run run;
    run.running(4).consumes(75);
    run.memory.lessons = c.lessons;
    run.step(arriving(250, c.waiting, 12));
    const Decision decision = run.step(arriving(250, c.waiting, 12), run.spec.window);
    CHECK_MESSAGE(decision.desired == c.desired, c.lessons, ": ", decision.reasons.front());
  }
}

TEST_CASE("a backlog is a lesson, however long it lasts, and the next one another") {
  Run run;
  run.running(2);
  for (int i = 0; i < 60; ++i) run.step(at_work(100, 4));
  CHECK(run.memory.lessons == 1);
  run.step(at_work(100, 0));
  run.step(at_work(100, 4), run.spec.window);
  CHECK(run.memory.lessons == 1);
  run.step(at_work(100, 4), 3 * run.spec.window);
  CHECK(run.memory.lessons == 2);
}

TEST_CASE("a delay needs what arrives and what waits, by what one replica consumes") {
  struct {
    double rate;
    std::int64_t waiting;
    int desired;
  } const cases[] = {{250, 2500, 3}, {250, 3700, 3}, {250, 4100, 4}, {400, 0, 4},
                     {401, 0, 5},    {0, 6000, 2},   {0.2, 0, 1}};
  for (const auto& c : cases) {
    Run run;
    CHECK(run.consumes(100).step(arriving(c.rate, c.waiting)).desired == c.desired);
  }
  Run run;
  const Decision decision = run.consumes(100).step(arriving(250, 4100));
  CHECK(decision.reasons.front() ==
        "250/s arriving and 1,600 that wait for more than a commit, within 30s, at 100/s a replica, need 4 replicas");
  CHECK(decision.metric == 4);  // the target is 1
  CHECK(decision.replica_capacity == 100.0);
}

TEST_CASE("what arrived since the last commits asks for nobody, but for no more than a third of the threshold") {
  Run run;
  const Decision calm = run.consumes(100).step(arriving(390, 3900));
  CHECK(calm.desired == 4);
  CHECK(calm.reasons.front() == "390/s arriving, at 100/s a replica, need 4 replicas");
  Run hasty;
  hasty.spec.delay_threshold = 6s;
  CHECK(hasty.consumes(100).step(arriving(390, 780)).desired == 4);
  CHECK(hasty.step(arriving(390, 3900)).desired == 10);
}

TEST_CASE("partitions can't be halved: as many replicas as the fullest consumer needs") {
  struct {
    double rate;
    int desired;
  } const cases[] = {{590, 6}, {650, 12}, {850, 12}, {395, 4}, {290, 3}};
  for (const auto& c : cases) {
    Run run;
    CHECK(run.consumes(100).step(arriving(c.rate, 0, 12)).desired == c.desired);
  }
}

TEST_CASE("of the lag and the delay the one that needs more counts") {
  Run run;
  run.spec.lag_threshold = 1000;
  Decision decision = run.consumes(100).step(arriving(100, 9000));
  CHECK(decision.desired == 9);
  CHECK(decision.metric == 9000);
  CHECK(says(decision, "the lag needs at least as much as the delay"));
  decision = run.step(arriving(2000, 9000));
  CHECK(decision.desired == 20);
  CHECK(decision.metric == 20'000);
  CHECK(says(decision, "the delay needs more than the lag"));
}

TEST_CASE("while nobody knows what a replica consumes, replicas double once a start-up, and go one by one") {
  Run run;
  CHECK(run.running(0).step(arriving(10, 50)).desired == 1);
  run.running(2);
  run.step(arriving(10, 50, 100, 20s));
  CHECK(run.step(arriving(10, 50, 100, 20s), 1min).desired == 2);
  CHECK(run.step(arriving(10, 5000, 100, 5min), 1min).desired == 4);
  run.running(4);
  Decision decision = run.step(arriving(10, 5000, 100, 5min));
  CHECK(decision.desired == 4);
  CHECK(says(decision, "stays until the last step shows"));
  CHECK(run.step(arriving(10, 5000, 100, 5min), run.spec.startup).desired == 8);
  run.step(arriving(10, 50, 100, 3s));
  decision = run.step(arriving(10, 50, 100, 3s), run.spec.window);
  CHECK(decision.desired == 3);
  CHECK(says(decision, "one replica fewer may do"));
}

TEST_CASE("what one consumer gets done is learned from backlogs, and outlives a restart") {
  Run run;
  run.running(4);
  run.step(at_work(9000, 4));  // nobody knows in what time
  for (int second = 0; second < 9; ++second) run.step(at_work(400, 4));
  CHECK_FALSE(run.memory.consumer_capacity);  // too short
  run.step(at_work(400, 4));
  REQUIRE(run.memory.consumer_capacity);
  CHECK(*run.memory.consumer_capacity == doctest::Approx(100));

  Run published;
  published.running(4).consumes(70);
  CHECK(published.step(at_work(0, 0)).replica_capacity == 70.0);

  Run several;
  several.spec.consumers_per_replica = 2;
  several.running(2);
  for (int second = 0; second < 10; ++second) several.step(at_work(400, 4));
  CHECK(*several.step(at_work(400, 4)).replica_capacity == doctest::Approx(200));
}

TEST_CASE("records that may wait for work in batches teach the least that a consumer gets done") {
  Run run;
  run.running(4);
  const auto work = [&](std::int64_t consumed, int long_backlogged) {
    Lag lag = at_work(consumed, 4);
    lag.progress->long_backlogged = long_backlogged;
    for (int second = 0; second < 300; ++second) run.step(lag);
    return *run.memory.consumer_capacity;
  };
  CHECK(work(400, 0) == doctest::Approx(100));
  CHECK(work(200, 0) == doctest::Approx(100));
  CHECK(work(800, 0) == doctest::Approx(200).epsilon(0.01));
  CHECK(work(400, 1) == doctest::Approx(100).epsilon(0.01));
}

TEST_CASE("commits in lumps are averaged") {
  Run run;
  run.running(4);
  for (int second = 1; second <= 300; ++second) run.step(at_work(second % 5 == 0 ? 2000 : 0, 4));
  CHECK(*run.memory.consumer_capacity == doctest::Approx(100));
}

TEST_CASE("where only the fullest consumers have a backlog, they are at their limit") {
  Run run;  // 6 partitions, 4 consumers: two have two partitions each
  run.running(4);
  Lag lag = at_work(0, 4, 6);
  lag.progress->consumed = 260;
  lag.progress->consumed_backlogged = 200;
  for (int second = 0; second < 12; ++second) run.step(lag);
  // As many are backlogged as there are consumers: all count.
  CHECK(*run.memory.consumer_capacity == doctest::Approx(65));
  Run partly;
  partly.running(4);
  lag.progress->backlogged = 2;
  lag.progress->consumed_backlogged = 100;
  for (int second = 0; second < 12; ++second) partly.step(lag);
  CHECK(*partly.memory.consumer_capacity == doctest::Approx(100));
}

TEST_CASE("consumers that are blocked, that rebalance or that have too little to do are not measured") {
  Run blocked;
  blocked.running(4);
  for (int second = 0; second < 40; ++second) blocked.step(at_work(0, 4));
  blocked.step(at_work(400, 4));
  CHECK_FALSE(blocked.memory.consumer_capacity);

  Run rebalancing;
  rebalancing.running(4);
  rebalancing.group.state = "PreparingRebalance";
  for (int second = 0; second < 40; ++second) rebalancing.step(at_work(400, 4));
  CHECK_FALSE(rebalancing.memory.consumer_capacity);

  Run between;  // what is answered first after a rebalance was consumed partly before it, or in its pause
  between.running(4);
  for (int second = 0; second < 6; ++second) between.step(at_work(400, 4));
  between.group.state = "PreparingRebalance";
  between.step(at_work(0, 4));
  between.group.state = "Stable";
  between.step(at_work(0, 4));
  between.step(at_work(4000, 4));
  for (int second = 0; second < 6; ++second) between.step(at_work(400, 4));
  CHECK(*between.memory.consumer_capacity == doctest::Approx(100));

  Run idle;
  idle.running(4);
  for (int second = 0; second < 40; ++second) idle.step(at_work(40, 0));
  CHECK_FALSE(idle.memory.consumer_capacity);
}

TEST_CASE("a consumer that was seen to do more can do more") {
  Run run;
  run.running(4).consumes(50);
  run.step(at_work(0, 0));
  Lag lag = at_work(400, 0);
  lag.consumption_rate = 400;
  run.step(lag, 2 * run.spec.window);
  CHECK(*run.memory.consumer_capacity == doctest::Approx(100));
  lag.consumption_rate = 40;
  run.step(lag);
  CHECK(*run.memory.consumer_capacity == doctest::Approx(100));
}

TEST_CASE("what replicas that are still starting will consume asks for no further ones") {
  Run run;
  run.spec.lag_threshold = 1000;
  run.spec.delay_threshold.reset();
  run.running(2).consumes(100);
  run.step(lag_of(2000));
  run.workload.current_replicas = 6;  // four start; two are in the group
  run.step(lag_of(6000));
  Decision decision = run.step(lag_of(10'000), 10s);
  CHECK(decision.desired == 6);
  CHECK(says(decision, "4,000 records wait for 4 consumers still starting"));
  run.group.members = 6;
  CHECK(run.step(lag_of(10'000)).desired == 10);
  run.group.members = 2;
  CHECK(run.step(lag_of(10'000), run.spec.startup).desired == 10);  // by now they should have started
}

TEST_CASE("a hot partition asks for no further replica, and takes none away") {
  Run run;
  run.spec.lag_threshold = 1000;
  run.spec.delay_threshold.reset();
  Lag lag = lag_of(30'000, 12);
  lag.hot = HotPartition{"orders", 3, 28'500};
  Decision decision = run.running(1).step(lag);
  CHECK(decision.desired == 3);
  CHECK(says(decision, "without what lies on orders/3: 3 replicas"));
  CHECK(run.running(7).step(lag, 5min).desired == 7);
  CHECK(run.running(0).step(lag).desired == 3);
}

TEST_CASE("records that no replica helps with still keep the last one awake") {
  Run run;
  run.spec = spec_of(1000, 0);
  Lag lag = lag_of(500);
  lag.useful = 0;
  const Decision decision = run.running(1).step(lag);
  CHECK(decision.active);
  CHECK(decision.desired == 1);
}

TEST_CASE("the consumer of a heavy partition is measured while that has a backlog, with what it has beside it") {
  Run run;
  run.running(2);
  Lag lag = at_work(100, 1, 12);
  // In two seconds 60 of the heavy one, and of each of the other eleven as much as makes 160 with five of them.
  lag.heavy = HeavyPartition{"orders", 3, 60, 100, true, 0};
  lag.progress->consumed_backlogged = 0;
  Lag answered = lag;
  lag.progress->consumed = 110;
  answered.progress->consumed = 230;
  answered.heavy->consumed = 120;
  for (int i = 0; i < 5; ++i) {
    run.step(lag);
    run.step(answered);
  }
  CHECK_FALSE(run.memory.heavy_capacity);  // too short
  run.step(lag);
  run.step(answered);
  CHECK(run.memory.heavy_capacity == doctest::Approx((120 + 5 * 220 / 11.0) / 2));
  CHECK_FALSE(run.memory.consumer_capacity);

  const double learned = *run.memory.heavy_capacity;
  lag.heavy->backlogged = answered.heavy->backlogged = false;
  answered.heavy->consumed = 10;
  for (int i = 0; i < 20; ++i) run.step(i % 2 == 0 ? lag : answered);
  CHECK(run.memory.heavy_capacity == learned);
  lag.heavy->backlogged = true;  // other members, other partitions beside it
  run.running(3).step(lag);
  CHECK(run.memory.heavy_consumer.measured == 0s);
}

TEST_CASE("the consumer of a heavy partition that caught up gets done what arrives, in a share group nobody knows") {
  Run run;
  run.running(4).memory.heavy_capacity = 40;
  Lag lag = at_work(0, 0, 12);
  lag.heavy = HeavyPartition{"orders", 3, 60, 110, false, 0, false};
  run.step(lag);  // more arrives than before, and nobody knows yet what becomes of it
  CHECK(run.memory.heavy_capacity == 40);
  lag.heavy->caught_up = true;
  run.step(lag);
  CHECK(run.memory.heavy_capacity == doctest::Approx(60 + 2 * 10));
  run.memory.heavy_capacity = 40;
  run.group.type = "Share";
  run.step(lag);
  CHECK(run.memory.heavy_capacity == 40);
}

TEST_CASE("a heavy partition's consumer gets as few others as it keeps up with") {
  struct {
    double heavy, beside;
    std::int64_t lag;  // on the heavy one; 0: not hot
    int desired;
  } const cases[] = {
      {67, 83, 0, 3},       // 7.5 on each other: four of them fit beside
      {50, 44, 0, 2},       // all eleven do
      {90, 110, 0, 8},      // none of 10, since 100 is too much: but no more than four times what is needed otherwise
      {70, 88, 6000, 6},    // 20/s of the backlog as well: one other
      {180, 220, 9000, 4},  // nobody keeps up: the work of one, and of 2.2 for the others
      {15, 110, 0, 2},      // not heavy
  };
  for (const auto& c : cases) {
    Run run;
    run.consumes(50).memory.heavy_capacity = 99;
    Lag lag = arriving(100, 0, 12);
    lag.heavy = HeavyPartition{"orders", 3, c.heavy, c.beside, c.lag > 0, 0};
    if (c.lag > 0) lag.hot = HotPartition{"orders", 3, c.lag};
    const Decision decision = run.running(0).step(lag);
    CHECK_MESSAGE(decision.desired == c.desired, c.heavy, " and ", c.beside, ", ", c.lag, " waiting");
  }
  Run moved;  // another partition is hot now
  moved.consumes(50).memory.heavy_capacity = 99;
  Lag lag = arriving(100, 0, 12);
  lag.heavy = HeavyPartition{"orders", 3, 70, 88, false, 0};
  lag.hot = HotPartition{"orders", 4, 6000};
  CHECK(moved.running(0).step(lag).desired == 3);

  Run several;
  several.spec.consumers_per_replica = 2;
  several.memory.heavy_capacity = 99;
  lag = arriving(0, 0, 12);
  lag.heavy = HeavyPartition{"orders", 3, 67, 83, false, 0};
  several.running(1).step(lag);
  Decision decision = several.step(lag, 9s);
  CHECK(decision.desired == 1);
  CHECK(says(decision, "replicas for relief only when they have been needed for 10s"));
  decision = several.step(lag);
  CHECK(decision.desired == 2);
  CHECK(says(decision, "orders/3 alone gets 67.0/s: 2 replicas relieve its consumer of others"));
  several.running(2);  // who is there already stays without any wait
  CHECK(several.step(lag).desired == 2);
  several.running(1).memory.shares = true;
  several.group.type = "Share";
  CHECK(several.step(lag).desired == 1);
}
