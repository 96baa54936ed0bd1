#include "scaling/world.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaling;
using scaling::testing::World;

TEST_CASE("lag is end less commit, from the log's start where the commit is older") {
  struct {
    std::int64_t start, end, committed, lag;
  } const cases[] = {
      {0, 100, 100, 0},  {0, 100, 40, 60}, {50, 100, 40, 50},
      {100, 100, 40, 0}, {0, 0, 0, 0},     {7, 1'000'000, 7, 999'993},
  };
  for (const auto& c : cases) {
    World world;
    const Lag lag = world.topic("orders", 1).at(0, c.start, c.end, c.committed).lag();
    CAPTURE(c.start);
    CAPTURE(c.committed);
    CHECK(lag.error.empty());
    CHECK(lag.total == c.lag);
    CHECK(lag.useful == c.lag);
    CHECK(lag.verdicts.empty());
  }
}

TEST_CASE("records wait for their consumer from ten seconds on, and from five where a commit left them behind") {
  World world;
  world.topic("orders", 1).stable({{"orders", {0}}});
  std::int64_t end = 0, committed = 0;
  // A hundred records a second, of which a commit every five seconds leaves those of the last `behind` seconds.
  const auto backlogged = [&](int seconds, int behind) {
    int count = 0;
    for (int second = 1; second <= seconds; ++second) {
      end += 100;
      if (second % 5 == 0) committed = std::max(committed, end - 100 * behind);
      count += world.at(0, 0, end, committed).lag().progress->backlogged;
    }
    return count;
  };
  world.at(0, 0, 0, 0).lag();
  CHECK(backlogged(40, 0) == 0);
  CHECK(backlogged(40, 4) == 0);
  CHECK(backlogged(10, 6) == 5);  // from the first of these commits on
  CHECK(backlogged(20, 6) == 20);
  CHECK(backlogged(5, 0) == 4);  // until the next one
  CHECK(backlogged(20, 0) == 0);
}

TEST_CASE("a tail that is no work is no backlog either, and neither is what retention took") {
  World world;
  world.topic("orders", 1).stable({{"orders", {0}}});
  world.at(0, 0, 10, 10).lag();
  Lag lag;
  for (int second = 0; second < 12; ++second) lag = world.at(0, 0, 12, second < 4 ? 10 : 11).lag();
  CHECK(lag.progress->backlogged == 1);
  for (int second = 0; second < 5; ++second) lag = world.lag();
  CHECK(lag.progress->backlogged == 0);

  for (int second = 0; second < 20; ++second) lag = world.at(0, 0, 500, 11).lag();
  CHECK(lag.progress->backlogged == 1);
  lag = world.at(0, 500, 500, 11).lag();
  CHECK(lag.progress->backlogged == 0);
}

TEST_CASE("lags add up over partitions and topics, and the largest topic is known") {
  World world;
  world.spec.topics = {"orders", "returns"};
  world.topic("orders", 2).topic("returns", 3);
  world.at(0, 0, 10, 5).at(1, 0, 10, 9);
  for (int p = 0; p < 3; ++p) world.at(p, 0, 100, 0, "returns");
  const Lag lag = world.lag();
  CHECK(lag.total == 306);
  CHECK(lag.partitions == 5);
  CHECK(lag.largest_topic == 3);
}

TEST_CASE("one unknown partition makes the sum unknown and is named") {
  World world;
  world.topic("orders", 3).at(0, 0, 10, 5).at(1, 0, 10, 9).at(2, 0, 10, 10);
  auto& in = world.topics.at("orders");
  SUBCASE("end") {
    in.ends[1] = world.fails("no leader");
  }
  SUBCASE("start") {
    in.starts[1] = world.fails("no leader");
  }
  SUBCASE("commit") {
    in.committed[1] = world.fails("no leader");
  }
  const Lag lag = world.lag();
  CHECK_FALSE(lag.total);
  CHECK_FALSE(lag.useful);
  CHECK_FALSE(lag.delay);
  CHECK(lag.error == "orders/1: no leader");
  REQUIRE(lag.topics.size() == 1);
  CHECK(lag.topics[0].partitions == 3);
  CHECK(lag.topics[0].known == 2);
}

TEST_CASE("commits that can't be read make the sum unknown, and the partitions stay known") {
  World world;
  world.topic("orders", 3).at(0, 0, 10, 5).at(1, 0, 10, 9).at(2, 0, 10, 10);
  world.error = testing::broken("no coordinator");
  const Lag lag = world.lag();
  CHECK_FALSE(lag.total);
  CHECK_FALSE(lag.useful);
  CHECK(lag.error == "group orders: no coordinator");
  CHECK(lag.partitions == 3);
}

TEST_CASE("a partition beyond those that the group's commits are listed for has none") {
  World world;
  world.spec.offset_reset = api::OffsetReset::kEarliest;
  world.topic("orders", 2).at(0, 0, 10, 5).at(1, 0, 10, 9);
  world.topics.at("orders").committed.resize(1);
  CHECK(world.lag().total == 15);
}

TEST_CASE("what was not read at all is unknown, never 0") {
  World world;
  SUBCASE("a partition") {
    const Lag lag = world.topic("orders", 2).at(0, 0, 10, 5).lag();
    CHECK_FALSE(lag.total);
    CHECK(lag.error == "orders/1: was not read");
  }
  SUBCASE("a topic") {
    const Lag lag = world.lag();
    CHECK_FALSE(lag.total);
    CHECK(lag.error == "topic orders: was not read");
  }
  SUBCASE("a topic that does not exist") {
    world.topic("orders", 0).topics.at("orders").error = testing::broken("does not exist");
    const Lag lag = world.lag();
    CHECK_FALSE(lag.total);
    CHECK(lag.error == "topic orders: does not exist");
  }
  SUBCASE("the topics of a group without commits") {
    world.spec.topics = {};
    const Lag lag = world.lag();
    CHECK_FALSE(lag.total);
    CHECK(lag.error.find("name them in `topics`") != std::string::npos);
  }
  SUBCASE("several things") {
    const Lag lag = world.topic("orders", 3).at(0, 0, 10, 5).lag();
    CHECK(lag.error == "orders/1: was not read (and 1 more)");
  }
}

TEST_CASE("without a commit, consumers that start at the log's start have all of it before them") {
  World world;
  world.spec.offset_reset = api::OffsetReset::kEarliest;
  const Lag lag = world.topic("orders", 1).at(0, 30, 100, {}).lag();
  CHECK(lag.total == 70);
  CHECK_FALSE(lag.arrivals_without_commit);
}

TEST_CASE("without a commit, consumers that start at the end have no lag, but arriving records wake them") {
  for (const auto reset : {api::OffsetReset::kLatest, api::OffsetReset::kNone}) {
    World world;
    world.spec.offset_reset = reset;
    world.state("Empty").topic("orders", 1).at(0, 0, 100, {});
    Lag lag = world.lag();
    CHECK(lag.total == 0);
    CHECK_FALSE(lag.arrivals_without_commit);
    lag = world.at(0, 0, 101, {}).lag();
    CHECK(lag.total == 0);
    CHECK(lag.arrivals_without_commit);
    CHECK(world.lag(1h).arrivals_without_commit);  // nobody has come yet
    CHECK_FALSE(world.at(0, 0, 101, 101).lag().arrivals_without_commit);
  }
}

TEST_CASE("a stable group that never commits what it skipped may rest again") {
  World world;
  world.topic("orders", 1).state("Empty").at(0, 0, 100, {}).lag();
  CHECK(world.at(0, 0, 101, {}).lag().arrivals_without_commit);
  world.stable({{"orders", {0}}});
  CHECK(world.lag(5s).arrivals_without_commit);
  CHECK_FALSE(world.lag(5s).arrivals_without_commit);
  CHECK_FALSE(world.state("Empty").lag(1h).arrivals_without_commit);
  CHECK(world.at(0, 0, 102, {}).lag().arrivals_without_commit);
}

TEST_CASE("a commit beyond the end is no lag but a verdict, once it is sure not to be a race") {
  World world;
  world.topic("orders", 2).at(0, 0, 7, 120).at(1, 0, 7, 7);
  CHECK(world.lag().verdicts.empty());  // the commit may have come between the two reads
  const Lag lag = world.lag();
  CHECK(lag.total == 0);
  REQUIRE(lag.verdicts.size() == 1);
  CHECK(lag.verdicts[0].type == "OffsetInvalid");
  CHECK(lag.verdicts[0].topic == "orders");
  CHECK(lag.verdicts[0].partitions == std::vector{0});
}

TEST_CASE("commits that run ahead of a moving end are no verdict") {
  World world;
  world.topic("orders", 1);
  for (std::int64_t i = 0; i < 10; ++i) {
    const Lag lag = world.at(0, 0, 100 * i, 100 * i + 3).lag();
    CHECK(lag.total == 0);
    CHECK(lag.verdicts.empty());
  }
}

TEST_CASE("a re-created topic's records wake the group though its old commit lies beyond them") {
  World world;
  world.topic("orders", 1).state("Empty").at(0, 0, 500, 500).lag();
  world.at(0, 0, 3, 500).lag();
  const Lag lag = world.lag();
  CHECK(lag.total == 0);
  CHECK(lag.arrivals_without_commit);
  REQUIRE(lag.verdicts.size() == 1);
  CHECK(lag.verdicts[0].type == "OffsetInvalid");
}

TEST_CASE("a topic that was made anew is noticed by its id though its end is beyond the old one") {
  World world;
  world.topic("orders", 1).state("Empty").at(0, 0, 500, 500).lag();
  world.topics.at("orders").id = "b";
  world.at(0, 0, 700, {});
  world.spec.offset_reset = api::OffsetReset::kLatest;
  const Lag lag = world.lag();
  CHECK(lag.arrivals_without_commit);
  CHECK(lag.verdicts.empty());  // the old commit was another topic's
}

TEST_CASE("a commit that vanishes, or lands before the start, makes its topic doubtful once") {
  World world;
  world.topic("orders", 2).topic("returns", 1).at(1, 10, 100, 90).at(0, 10, 100, 90, "returns");
  const std::vector<std::string_view> orders{"orders"};
  CHECK(world.at(0, 10, 100, {}).lag().doubtful.empty());  // nobody saw it vanish
  CHECK(world.at(0, 10, 100, 90).lag().doubtful.empty());
  CHECK(world.at(0, 10, 100, {}).at(1, 10, 100, {}).lag().doubtful == orders);
  CHECK(world.lag().doubtful.empty());
  CHECK(world.at(0, 10, 100, 3).lag().doubtful == orders);
  CHECK(world.lag().doubtful.empty());
  CHECK(world.at(0, 10, 100, 4).lag().doubtful == orders);
  CHECK(world.at(0, 10, 100, 95).lag().doubtful.empty());
  CHECK(world.at(0, 96, 100, 95).lag().doubtful.empty());  // retention went past it
  CHECK(world.at(0, 96, 100, {}).lag().doubtful == orders);
}

TEST_CASE("a commit that vanished is a verdict and wakes the group") {
  World world;
  world.topic("orders", 1).state("Empty").at(0, 10, 100, 90).lag();
  SUBCASE("earliest: everything is to be read again") {
    world.spec.offset_reset = api::OffsetReset::kEarliest;
    CHECK(world.at(0, 10, 100, {}).lag().total == 90);
  }
  SUBCASE("latest: what was not consumed when it was last known") {
    CHECK(world.at(0, 10, 100, {}).lag().total == 10);
  }
  SUBCASE("none") {
    world.spec.offset_reset = api::OffsetReset::kNone;
    CHECK(world.at(0, 10, 100, {}).lag().total == 10);
  }
  const Lag lag = world.lag();
  CHECK(lag.arrivals_without_commit);
  REQUIRE(lag.verdicts.size() == 1);
  CHECK(lag.verdicts[0].type == "OffsetInvalid");
  CHECK(world.lag(24h).arrivals_without_commit);
}

TEST_CASE("a lag that may be less is a verdict of its partitions, whatever it is") {
  World world;
  world.topic("orders", 3).at(0, 0, 10, 4).at(1, 0, 10, 10).at(2, 0, 10, 10).topics.at("orders").approximate = {0, 2};
  const Lag lag = world.lag();
  CHECK(lag.total == 6);
  REQUIRE(lag.verdicts.size() == 1);
  CHECK(lag.verdicts[0].type == "LagApproximate");
  CHECK(lag.verdicts[0].topic == "orders");
  CHECK(lag.verdicts[0].partitions == std::vector{0, 2});
  world.topics.at("orders").approximate.clear();
  CHECK(world.lag().verdicts.empty());
}

TEST_CASE("a commit marker at the end of an idle partition is not counted") {
  World world;
  world.topic("orders", 2).stable({{"orders", {0, 1}}}).at(0, 0, 101, 100).at(1, 0, 50, 50);
  CHECK(world.lag().useful == 1);
  CHECK(world.lag(9s).useful == 1);
  Lag lag = world.lag(1s);
  CHECK(lag.total == 1);
  CHECK(lag.useful == 0);
  CHECK(lag.delay == api::Delay{0ms, false});
  REQUIRE(lag.verdicts.size() == 1);
  CHECK(lag.verdicts[0].type == "TailIgnored");
  CHECK(lag.verdicts[0].partitions == std::vector{0});

  SUBCASE("it stays uncounted when the group is gone") {
    CHECK(world.state("Empty").lag(1h).useful == 0);
  }
  SUBCASE("it counts again when a record arrives") {
    CHECK(world.at(0, 0, 102, 100).lag().useful == 2);
  }
  SUBCASE("it counts again when the commit moves") {
    world.at(0, 0, 102, 100).lag();
    CHECK(world.at(0, 0, 102, 101).lag().useful == 1);
  }
  SUBCASE("but it does when the spec says so") {
    world.spec.count_tail = true;
    CHECK(world.lag().useful == 1);
  }
}

TEST_CASE("no tail is ignored where it may be work") {
  World world;
  world.topic("orders", 1);
  SUBCASE("three records") {
    world.stable({{"orders", {0}}}).at(0, 0, 103, 100);
  }
  SUBCASE("nobody has the partition") {
    world.stable({{"orders", {7}}}).at(0, 0, 101, 100);
  }
  SUBCASE("the group is empty") {
    world.state("Empty").at(0, 0, 101, 100);
  }
  SUBCASE("the group rebalances") {
    world.state("PreparingRebalance").at(0, 0, 101, 100);
  }
  SUBCASE("the group could not be described") {
    world.stable({{"orders", {0}}}).at(0, 0, 101, 100);
    world.group.known = false;
  }
  const auto first = world.lag().useful;
  const Lag lag = world.lag(1min);
  CHECK(lag.useful == first);
  CHECK(*lag.useful > 0);
}

TEST_CASE("delay is the age of the oldest record that counts") {
  World world;
  world.topic("orders", 2).at(0, 0, 10, 10).at(1, 0, 10, 10);
  CHECK(world.lag().delay == api::Delay{0ms, false});
  world.at(0, 0, 20, 10).lag();
  world.at(1, 0, 20, 10).lag(4s);
  CHECK(world.lag(1s).delay == api::Delay{5s, false});
  CHECK(world.at(0, 0, 20, 20).lag(1s).delay == api::Delay{2s, true});  // the last look before was 4 s earlier
  CHECK(world.lag(30s).delay == api::Delay{32s, true});
  CHECK(world.lag(10s).delay == api::Delay{42s, false});  // 46 s at most
}

TEST_CASE("of records that nobody saw arrive the delay is only a lower bound, and their ages are open") {
  World world;
  world.topic("orders", 3).at(0, 0, 10, 5).at(1, 0, 10, 10).at(2, 0, 10, 9).lag();
  const Lag lag = world.lag(1min);
  CHECK(lag.delay == api::Delay{1min, true});
  REQUIRE(lag.open_ages.size() == 2);
  CHECK(lag.open_ages[0].topic == "orders");
  CHECK(lag.open_ages[0].partition == 0);
  CHECK(lag.open_ages[0].age == Age{1min, std::nullopt});
  CHECK(lag.open_ages[1].partition == 2);
}

TEST_CASE("the age of a record that is surely younger than the oldest need not be known well") {
  World world;
  world.topic("orders", 2).at(0, 0, 10, 10).at(1, 0, 10, 10).lag();
  world.at(0, 0, 11, 10).lag(1s);
  world.lag(1min);
  world.at(1, 0, 11, 10).lag(20s);  // arrived within these
  const Lag lag = world.lag(1s);
  CHECK(lag.delay == api::Delay{81s, false});
  CHECK(lag.open_ages.empty());
}

TEST_CASE("with retention the oldest record is the first that is still there") {
  World world;
  world.topic("orders", 1).at(0, 0, 10, 10).lag();
  world.at(0, 0, 20, 10).lag();
  world.at(0, 0, 30, 10).lag(1min);
  CHECK(world.at(0, 20, 30, 10).lag(1s).delay->age == 1s);
}

TEST_CASE("a group between assignments rebalances, one without members or with all settled does not") {
  for (const auto* state : {"PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling"})
    CHECK(GroupState{true, "", state, "", 0}.rebalancing());
  for (const auto* state : {"Stable", "Empty", "Dead", "Unknown", ""})
    CHECK_FALSE(GroupState{true, "", state, "", 0}.rebalancing());
}

TEST_CASE("rates are records a second of each topic, and smoothed") {
  World world;
  world.spec.topics = {"orders", "returns"};
  world.topic("orders", 2).topic("returns", 1);
  const auto step = [&](std::int64_t i) {
    return world.at(0, 0, 100 * i, 60 * i).at(1, 0, 10 * i, 10 * i).at(0, 0, 1000, 1000, "returns").lag();
  };
  Lag lag = step(0);
  CHECK_FALSE(lag.arrival_rate);
  CHECK_FALSE(lag.topics[0].consumption_rate);
  lag = step(1);
  CHECK(lag.topics[0].arrival_rate.value() == doctest::Approx(110));
  CHECK(lag.topics[0].consumption_rate.value() == doctest::Approx(70));
  CHECK(lag.topics[1].arrival_rate == 0.0);
  CHECK(lag.arrival_rate.value() == doctest::Approx(110));
  CHECK(lag.consumption_rate.value() == doctest::Approx(70));
  for (int i = 2; i < 300; ++i) lag = step(i);
  CHECK(lag.arrival_rate.value() == doctest::Approx(110));
  const double before = *lag.arrival_rate;
  for (int i = 0; i < 60; ++i) lag = step(299);  // a window without anything
  CHECK(*lag.arrival_rate > before / 4);
  CHECK(*lag.arrival_rate < before / 2);
  for (int i = 0; i < 3600; ++i) lag = step(299);
  CHECK(lag.arrival_rate == 0.0);
  CHECK(lag.consumption_rate == 0.0);
}

TEST_CASE("a first commit, a rewind and a topic made anew are no consumption and no arrival") {
  World world;
  world.topic("orders", 1).at(0, 0, 1000, {}).lag();
  CHECK(world.at(0, 0, 1000, 900).lag().consumption_rate == 0.0);
  CHECK(world.at(0, 0, 1000, 100).lag().consumption_rate == 0.0);
  world.topics.at("orders").id = "b";
  CHECK(world.at(0, 0, 5000, 100).lag().arrival_rate == 0.0);
}

TEST_CASE("each topic has its own lag and delay, known or not") {
  World world;
  world.spec.topics = {"orders", "returns"};
  world.topic("orders", 1).topic("returns", 1);
  world.at(0, 0, 10, 10).at(0, 0, 10, 10, "returns").lag();
  world.at(0, 0, 20, 10).lag();
  world.at(0, 0, 15, 10, "returns").lag();
  Lag lag = world.lag();
  CHECK(lag.topics[0].lag == 10);
  CHECK(lag.topics[0].delay == api::Delay{2s, false});
  CHECK(lag.topics[1].lag == 5);
  CHECK(lag.topics[1].delay == api::Delay{1s, false});
  CHECK(lag.delay == api::Delay{2s, false});
  world.topics.at("returns").ends[0] = world.fails("no leader");
  lag = world.lag();
  CHECK_FALSE(lag.total);
  CHECK(lag.topics[0].complete());
  CHECK_FALSE(lag.topics[1].complete());
}

TEST_CASE("what was hot is watched from then on, until its topic is gone") {
  World world;
  world.topic("orders", 3);
  for (int p = 0; p < 3; ++p) world.at(p, 0, 0, 0);
  world.stable({{"orders", {0, 1, 2}}});
  CHECK_FALSE(world.lag().heavy);
  Lag lag;
  for (int second = 1; second <= 30; ++second) {
    world.at(0, 0, second * 10, second * 10).at(1, 0, second * 200, second * 50).at(2, 0, second * 10, second * 10);
    lag = world.lag();
    if (second == 10) CHECK_FALSE(lag.heavy);
  }
  REQUIRE(lag.heavy);
  CHECK(lag.heavy->topic == "orders");
  CHECK(lag.heavy->partition == 1);
  CHECK(lag.heavy->arrival_rate == doctest::Approx(200));
  CHECK(lag.heavy->beside == doctest::Approx(20));
  CHECK(lag.heavy->backlogged);
  CHECK(lag.heavy->consumed == 50);
  REQUIRE(lag.verdicts.size() == 1);
  CHECK(lag.verdicts[0].type == "PartitionSkewed");

  // What arrives during an outage is no rate.
  auto& in = world.topics.at("orders");
  in.ends[1] = world.fails("no leader");
  CHECK_FALSE(world.lag(5min).heavy);
  world.at(1, 0, 66'000, 1600);
  lag = world.lag();
  REQUIRE(lag.heavy);
  CHECK(lag.heavy->arrival_rate == doctest::Approx(200));

  world.at(1, 0, 66'000, 66'000);
  lag = world.lag();
  CHECK_FALSE(lag.hot);
  REQUIRE(lag.heavy);
  CHECK_FALSE(lag.heavy->backlogged);

  world.topics.erase("orders");
  world.spec.topics = {"returns"};
  world.topic("returns", 1).at(0, 0, 0, 0, "returns");
  world.lag();
  world.topics.erase("returns");
  world.spec.topics = {"orders"};
  world.topic("orders", 3);
  for (int p = 0; p < 3; ++p) world.at(p, 0, 0, 0);
  CHECK_FALSE(world.lag().heavy);
}
