#include <penstock/scaling/history.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using scaling::Age;
using scaling::EndHistory;

namespace {

const SteadyTime kStart{1h};

// One partition's history.
struct One {
  EndHistory history;
  void see(SteadyTime at, std::int64_t end, std::string_view topic_id = "a") {
    const Reading ends[] = {Reading::of(end)};
    history.observe(topic_id, ends, at);
  }
  void miss(SteadyTime at, std::string_view topic_id = "a") {
    const Reading ends[] = {Reading{}};
    history.observe(topic_id, ends, at);
  }
  std::optional<Age> age(std::int64_t offset, SteadyTime now) const { return history.age_of(0, offset, now); }
};

}  // namespace

TEST_CASE("a record came after the last sight of an end at or below it and before the first one above it") {
  One one;
  one.see(kStart, 10);
  one.see(kStart + 5s, 20);
  one.see(kStart + 9s, 30);
  CHECK(one.age(10, kStart + 10s) == Age{5s, 10s});
  CHECK(one.age(19, kStart + 10s) == Age{5s, 10s});
  CHECK(one.age(20, kStart + 10s) == Age{1s, 5s});
  CHECK_FALSE(one.age(30, kStart + 10s));
  CHECK_FALSE(one.history.age_of(1, 0, kStart));
}

TEST_CASE("an end that stood still bounds what came after it by its last sight") {
  One one;
  for (int i = 0; i <= 60; ++i) one.see(kStart + i * 1s, 10);
  one.see(kStart + 61s, 11);
  CHECK(one.age(10, kStart + 70s) == Age{9s, 10s});
  CHECK(one.age(9, kStart + 70s) == Age{70s, std::nullopt});
}

TEST_CASE("a sample that missed the partition widens the bounds") {
  One one;
  one.see(kStart, 10);
  one.miss(kStart + 1s);
  one.see(kStart + 2s, 11);
  CHECK(one.age(10, kStart + 2s) == Age{0s, 2s});
}

TEST_CASE("a record that was there before we looked is at least as old as our looking") {
  One one;
  one.see(kStart, 10);
  CHECK(one.age(3, kStart + 1min) == Age{1min, std::nullopt});
}

TEST_CASE("however long a backlog lasts the history stays small and its ages stay true bounds") {
  One one;
  one.see(kStart, 0);
  const int ticks = 10'000;
  for (int i = 1; i <= ticks; ++i) {
    one.history.keep_from(0, 0);
    one.see(kStart + i * 1s, i);
    REQUIRE(one.history.points(0) <= EndHistory::kMaxPoints);
  }
  const SteadyTime now = kStart + ticks * 1s;
  for (int offset = 0; offset < ticks; offset += 97) {
    const Duration truth = (ticks - (offset + 1)) * 1s;  // record n came at tick n + 1
    const auto age = one.age(offset, now);
    REQUIRE(age);
    CHECK(age->at_least <= truth);
    CHECK(age->at_least >= truth / 2 - 10s);
    REQUIRE(age->at_most);
    CHECK(*age->at_most >= truth);
    CHECK(*age->at_most <= truth * 2 + 10s);
  }
}

TEST_CASE("what everybody has consumed is forgotten, as far as nobody's bound rests on it") {
  One one;
  for (int i = 0; i < 20; ++i) one.see(kStart + i * 1s, i);
  SUBCASE("all of it") {
    one.history.keep_from(0, 19);
    one.see(kStart + 20s, 20);
    CHECK(one.history.points(0) == 2);
    CHECK(one.age(19, kStart + 20s) == Age{0s, 1s});
  }
  SUBCASE("not what the slower of two groups needs") {
    one.history.keep_from(0, 5);
    one.history.keep_from(0, 19);
    one.see(kStart + 20s, 20);
    CHECK(one.age(5, kStart + 20s) == Age{14s, 15s});
  }
  SUBCASE("not what a group may need that can't say") {
    one.history.keep_from(0, 19);
    one.history.keep_all();
    one.see(kStart + 20s, 20);
    CHECK(one.age(1, kStart + 20s) == Age{18s, 19s});
  }
}

TEST_CASE("an end that went down begins a new life of the partition") {
  One one;
  one.see(kStart, 100);
  const auto life = one.history.life(0);
  one.see(kStart + 1s, 5);
  CHECK(one.history.life(0) != life);
  CHECK(one.history.points(0) == 1);
  CHECK(one.history.since(0) == kStart + 1s);
  CHECK(one.age(0, kStart + 2s) == Age{1s, std::nullopt});
}

TEST_CASE("another topic id begins a new life whatever the end, with records younger than the last sight of the old") {
  One one;
  one.see(kStart, 100);
  const auto life = one.history.life(0);
  one.see(kStart + 1s, 500, "b");
  CHECK(one.history.life(0) != life);
  CHECK(one.age(0, kStart + 2s) == Age{1s, 2s});
  const auto second = one.history.life(0);
  SUBCASE("a partition that was missed just then, too") {
    one.miss(kStart + 2s, "c");
    one.see(kStart + 3s, 501, "c");
    CHECK(one.history.life(0) != second);
  }
  SUBCASE("but no id says nothing") {
    one.see(kStart + 2s, 500, "");
    one.see(kStart + 3s, 501, "b");
    CHECK(one.history.life(0) == second);
  }
}

TEST_CASE("the time of the last change is kept, and growth and shrinking of a topic leave the others alone") {
  EndHistory history;
  const Reading two[] = {Reading::of(10), Reading::of(20)};
  const Reading three[] = {Reading::of(10), Reading::of(21), Reading::of(0)};
  history.observe("a", two, kStart);
  history.observe("a", three, kStart + 5s);
  CHECK(history.partitions() == 3);
  CHECK(history.since(0) == kStart);
  CHECK(history.since(1) == kStart + 5s);
  CHECK(history.end(1) == 21);
  CHECK(history.age_of(1, 20, kStart + 5s) == Age{0s, 5s});
  history.observe("a", std::span(two).first(1), kStart + 6s);
  CHECK(history.partitions() == 1);
  CHECK(history.life(1) == 0);
  CHECK_FALSE(history.age_of(1, 0, kStart + 6s));
  CHECK(history.age_of(0, 3, kStart + 6s) == Age{6s, std::nullopt});
}
