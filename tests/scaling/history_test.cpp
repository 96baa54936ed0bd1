#include <penstock/scaling/history.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using scaling::History;

namespace {
const scaling::TopicPartition kWhere{"orders", 0};
const SteadyTime kStart{1h};
}  // namespace

TEST_CASE("the age of a record is counted from when it was first seen below the end") {
  History history;
  history.observe(kWhere, kStart, 10, 10);
  history.observe(kWhere, kStart + 5s, 20, 10);
  history.observe(kWhere, kStart + 9s, 30, 10);
  CHECK(history.age_of(kWhere, 10, kStart + 10s) == 5s);
  CHECK(history.age_of(kWhere, 19, kStart + 10s) == 5s);
  CHECK(history.age_of(kWhere, 20, kStart + 10s) == 1s);
  CHECK_FALSE(history.age_of(kWhere, 30, kStart + 10s));
  CHECK_FALSE(history.age_of({"orders", 1}, 0, kStart));
}

TEST_CASE("a record that was there before we looked is at least as old as our looking") {
  History history;
  history.observe(kWhere, kStart, 10, 3);
  CHECK(history.age_of(kWhere, 3, kStart + 1min) == 1min);
}

TEST_CASE("however long a backlog lasts the history stays small and its ages stay lower bounds") {
  History history;
  history.observe(kWhere, kStart, 0, 0);
  const int ticks = 10'000;
  for (int i = 1; i <= ticks; ++i) {
    const auto& p = history.observe(kWhere, kStart + i * 1s, i, 0);
    CHECK(p.ends.size() <= History::kMaxPoints);
  }
  const SteadyTime now = kStart + ticks * 1s;
  for (int offset = 0; offset < ticks; offset += 97) {
    const Duration truth = (ticks - (offset + 1)) * 1s;  // record n came at tick n + 1
    const auto age = history.age_of(kWhere, offset, now);
    REQUIRE(age);
    CHECK(*age <= truth);
    CHECK(*age >= truth / 2 - 10s);
  }
}

TEST_CASE("consumed records are forgotten") {
  History history;
  for (int i = 0; i < 20; ++i) history.observe(kWhere, kStart + i * 1s, i, 0);
  CHECK(history.observe(kWhere, kStart + 20s, 19, 19).ends.size() == 1);
  CHECK_FALSE(history.age_of(kWhere, 19, kStart + 20s));
}

TEST_CASE("an end that went down begins a new life of the partition in which every record is new") {
  History history;
  history.observe(kWhere, kStart, 100, 90);
  const auto& p = history.observe(kWhere, kStart + 1s, 5, 90);
  CHECK(p.first_end == 0);
  CHECK(p.ends.size() == 1);
  CHECK(p.committed_since == kStart + 1s);
  CHECK(history.age_of(kWhere, 0, kStart + 2s) == 1s);
}

TEST_CASE("a commit that is gone stays known, and frozen times count from the last change") {
  History history;
  history.observe(kWhere, kStart, 10, 9);
  const auto& p = history.observe(kWhere, kStart + 10s, 10, std::nullopt);
  CHECK(p.committed == 9);
  CHECK(p.frozen(kStart + 10s, 10s));
  history.observe(kWhere, kStart + 11s, 11, 9);
  CHECK_FALSE(p.frozen(kStart + 12s, 10s));
  history.observe(kWhere, kStart + 15s, 11, 10);
  CHECK_FALSE(p.frozen(kStart + 21s, 10s));
  CHECK(p.frozen(kStart + 25s, 10s));
}

TEST_CASE("partitions that are gone are forgotten") {
  History history;
  for (int p = 0; p < 4; ++p) history.observe({"orders", p}, kStart, 1, 0);
  history.observe({"old", 0}, kStart, 1, 0);
  history.keep_only({{"orders", 3}});
  CHECK(history.size() == 3);
  CHECK(history.age_of({"orders", 2}, 0, kStart));
  CHECK_FALSE(history.age_of({"old", 0}, 0, kStart));
}
