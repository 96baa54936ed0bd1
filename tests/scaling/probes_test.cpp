#include <penstock/scaling/probes.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaling;

namespace {

const SteadyTime kNow{1h};
const WallTime kWall{std::chrono::hours{500'000}};

EndHistory seen_at(std::int64_t end, SteadyTime at) {
  EndHistory history;
  const Reading ends[] = {Reading::of(end)};
  history.observe("a", ends, at);
  return history;
}

std::vector<WallTime> times(std::initializer_list<OpenAge> open) {
  const std::vector<OpenAge> list(open);
  std::vector<WallTime> result;
  for (const auto& probe : propose_probes(list, kWall, 100)) result.push_back(probe.time);
  return result;
}

}  // namespace

TEST_CASE("a first look half a minute back, twice as far while the record is older, then halfway between the bounds") {
  CHECK(times({{"orders", 0, {0s, std::nullopt}}}) == std::vector{kWall - 30s});
  CHECK(times({{"orders", 0, {10s, std::nullopt}}}) == std::vector{kWall - 30s});
  CHECK(times({{"orders", 0, {30s, std::nullopt}}}) == std::vector{kWall - 60s});
  CHECK(times({{"orders", 0, {60s, 120s}}}) == std::vector{kWall - 90s});
}

TEST_CASE("nobody is asked about a time before there was any") {
  const Duration since_1970 = kWall.time_since_epoch();
  CHECK(times({{"orders", 0, {since_1970 - 1h, std::nullopt}}}) == std::vector{WallTime{}});
  CHECK(times({{"orders", 0, {since_1970, std::nullopt}}}).empty());
}

TEST_CASE("the least known are asked about first, a partition once, and no more than allowed") {
  const std::vector<OpenAge> open{
      {"orders", 2, {10s, 20s}}, {"orders", 1, {10s, 50s}},        {"returns", 1, {10s, 50s}},
      {"orders", 1, {10s, 60s}}, {"alpha", 7, {5s, std::nullopt}}, {"orders", 2, {10s, 15s}},
  };
  const auto probes = propose_probes(open, kWall, 3);
  REQUIRE(probes.size() == 3);
  CHECK(probes[0] == ProbeTime{"alpha", 7, kWall - 30s});
  CHECK(probes[1] == ProbeTime{"orders", 1, kWall - 35s});
  CHECK(probes[2] == ProbeTime{"returns", 1, kWall - 30s});
  CHECK(propose_probes(open, kWall, 100).size() == 4);
}

TEST_CASE("an answer is a point of the past") {
  EndHistory history = seen_at(100, kNow);
  CHECK(learn(history, 0, {kWall - 30s, 80, {}}, kWall, kNow));
  CHECK(history.age_of(0, 50, kNow) == Age{30s, std::nullopt});
  CHECK(history.age_of(0, 80, kNow) == Age{0s, 30s});
  SUBCASE("every record is older") {
    history = seen_at(100, kNow);
    CHECK(learn(history, 0, {kWall - 30s, kNoOffset, {}}, kWall, kNow));
    CHECK(history.age_of(0, 99, kNow) == Age{30s, std::nullopt});
  }
  SUBCASE("the time of the record that was found says more") {
    CHECK(learn(history, 0, {kWall - 60s, 50, kWall - 45s}, kWall, kNow));
    CHECK(history.age_of(0, 50, kNow) == Age{45s, 60s});
    CHECK(history.age_of(0, 51, kNow) == Age{30s, 45s});
    CHECK(history.age_of(0, 49, kNow) == Age{60s, std::nullopt});
  }
}

TEST_CASE("an answer that lies in the future, or contradicts what was seen, is no answer") {
  EndHistory history = seen_at(100, kNow);
  REQUIRE(learn(history, 0, {kWall - 30s, 80, {}}, kWall, kNow));
  CHECK_FALSE(learn(history, 0, {kWall + 1s, 90, {}}, kWall, kNow));
  CHECK_FALSE(learn(history, 0, {kWall - 60s, 81, {}}, kWall, kNow));
  CHECK_FALSE(learn(history, 0, {kWall - 10s, 79, {}}, kWall, kNow));
  CHECK_FALSE(learn(history, 0, {kWall - 30s, 80, {}}, kWall, kNow));
  CHECK_FALSE(learn(history, 1, {kWall - 30s, 80, {}}, kWall, kNow));
  // A record that claims to be of tomorrow tells nothing by its time.
  CHECK(learn(history, 0, {kWall - 60s, 50, kWall + 24h}, kWall, kNow));
  CHECK(history.points(0) == 3);
}

TEST_CASE("answers never make the history grow beyond its bound") {
  EndHistory history = seen_at(1'000'000, kNow);
  for (int i = 1; i < 1000; ++i) learn(history, 0, {kWall - i * 10s, 1'000'000 - i, {}}, kWall, kNow);
  CHECK(history.points(0) <= EndHistory::kMaxPoints);
  const auto age = history.age_of(0, 999'500, kNow);
  REQUIRE(age);
  CHECK(age->at_least <= 4990s);
  REQUIRE(age->at_most);
  CHECK(*age->at_most >= 4990s);
}
