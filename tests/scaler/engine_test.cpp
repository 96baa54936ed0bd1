#include "scaler/fakes.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaler;
using scaler::testing::SampleOf;
using scaler::testing::subject_of;

namespace {

const SteadyTime kNow{1h};
const WallTime kWall{std::chrono::hours{500'000}};

}  // namespace

TEST_CASE("all is read at once, each group once with the topics of all who name it") {
  Engine engine;
  const auto& plan = engine.plan({
      subject_of("a", {{"consumerGroup", "g"}, {"topics", {"orders"}}}),
      subject_of("b", {{"consumerGroup", "g"}, {"topics", {"returns"}}}),
      subject_of("c", {{"consumerGroup", "h"}}),
  });
  REQUIRE(plan.groups.size() == 2);
  CHECK(plan.groups[0].id == "g");
  CHECK(plan.groups[0].topics == std::set<std::string>{"orders", "returns"});
  CHECK(plan.groups[0].ends);
  CHECK_FALSE(plan.groups[0].stable_ends);
  CHECK_FALSE(plan.groups[0].committed_topics);
  CHECK(plan.groups[1].id == "h");
}

TEST_CASE("isolations and topics that are to be found out are added to the group; the refused are not read") {
  std::vector<Subject> subjects{
      subject_of("a", {{"consumerGroup", "g"}}),
      subject_of("b", {{"consumerGroup", "g"}, {"isolation", "read_committed"}, {"topics", {"returns"}}}),
      subject_of("c", {{"consumerGroup", "g"}}),
      subject_of("d", {{"consumerGroup", "other"}}),
  };
  auto open_topics = std::make_shared<api::ConsumerScaler>(*subjects[2].scaler);
  open_topics->spec.topics.clear();
  subjects[2].scaler = open_topics;
  subjects[3].refusal = "not allowed";
  Engine engine;
  const auto& plan = engine.plan(subjects);
  REQUIRE(plan.groups.size() == 1);
  CHECK(plan.groups[0].topics == std::set<std::string>{"orders", "returns"});
  CHECK(plan.groups[0].ends);
  CHECK(plan.groups[0].stable_ends);
  CHECK(plan.groups[0].committed_topics);
}

TEST_CASE("the plan follows what is asked for: another topic, a refusal, an object that came or went") {
  Engine engine;
  std::vector<Subject> subjects{subject_of("a"), subject_of("b")};
  CHECK(engine.plan(subjects).groups.size() == 2);
  subjects[0] = subject_of("a", {{"topics", {"returns"}}});
  CHECK(engine.plan(subjects).groups[0].topics == std::set<std::string>{"returns"});
  subjects[0].refusal = "not allowed";
  REQUIRE(engine.plan(subjects).groups.size() == 1);
  CHECK(engine.plan(subjects).groups[0].id == "b");
  subjects[0].refusal.clear();
  CHECK(engine.plan(subjects).groups.size() == 2);
  subjects.push_back(subject_of("c"));
  CHECK(engine.plan(subjects).groups.size() == 3);
  subjects.erase(subjects.begin());
  REQUIRE(engine.plan(subjects).groups.size() == 2);
  CHECK(engine.plan(subjects).groups[0].id == "b");
}

TEST_CASE("a ConsumerScaler sees only the topics that it names, or those that its group has committed to") {
  Engine engine;
  auto found_out = std::make_shared<api::ConsumerScaler>(*subject_of("b", {{"consumerGroup", "a"}}).scaler);
  found_out->spec.topics.clear();
  const std::vector<Subject> subjects{subject_of("a"), {found_out, std::nullopt, ""}};
  SampleOf all(kNow);
  all.behind("a", 10).behind("a", 20, "returns", 2).topic("never", 7);
  all.sample.groups.at("a").committed["never"] = {Reading::of(kNoCommit)};
  const auto sample = all.take();
  const auto entries = engine.tick(subjects, &sample, kNow, kWall);
  CHECK(entries[0]->lag == 40);
  CHECK(entries[0]->partitions == 4);
  CHECK(entries[0]->group.assignor == "range");
  CHECK(entries[1]->lag == 80);
  CHECK(entries[1]->partitions == 6);
}

TEST_CASE("each isolation has its own end") {
  Engine engine;
  const std::vector<Subject> subjects{subject_of("a"),
                                      subject_of("b", {{"consumerGroup", "a"}, {"isolation", "read_committed"}})};
  SampleOf all(kNow);
  all.behind("a", 10);
  all.sample.topics.at("orders")->stable_ends.assign(4, Reading::of(99'991));
  const auto sample = all.take();
  const auto entries = engine.tick(subjects, &sample, kNow, kWall);
  CHECK(entries[0]->lag == 40);
  CHECK(entries[1]->lag == 4);
}

TEST_CASE("one sample decides for all, and one that is broken changes nothing for the others") {
  Engine engine;
  const auto sample = [] {
    SampleOf all(kNow);
    all.behind("good", 1000).behind("bad", 0, "returns").behind("dark", 0);
    all.sample.topics.at("returns") = std::unexpected(Error{Code::kNotFound, "does not exist", Retry::later()});
    all.sample.groups.at("dark").commits = std::unexpected(Error{Code::kForbidden, "not allowed", Retry::later()});
    return all.take();
  }();
  std::vector<Subject> subjects{subject_of("good"), subject_of("bad", {{"topics", {"returns"}}}), subject_of("absent"),
                                subject_of("foreign"), subject_of("dark")};
  subjects[3].refusal = "EventPlatform kafka/main does not allow the namespace shop";
  const auto entries = engine.tick(subjects, &sample, kNow, kWall);
  REQUIRE(entries.size() == 5);
  CHECK(entries[0]->decision.known);
  CHECK(entries[0]->decision.desired == 4);
  CHECK(entries[0]->lag == 4000);
  CHECK(entries[0]->group.state == "Stable");
  CHECK(entries[0]->decided_at() == kWall);
  CHECK(entries[0]->last_active == kWall);
  for (std::size_t i = 1; i < 5; ++i) {
    CHECK_FALSE(entries[i]->decision.known);
    CHECK_FALSE(entries[i]->lag);
  }
  CHECK(entries[1]->error == "topic returns: does not exist");
  CHECK(entries[2]->error == "group absent: was not read");
  CHECK(entries[3]->error == "EventPlatform kafka/main does not allow the namespace shop");
  CHECK(entries[4]->error == "group dark: not allowed");
  CHECK(entries[4]->partitions == 4);
}

TEST_CASE("a topic that was not read is unknown, never 0") {
  Engine engine;
  const auto sample = SampleOf(kNow).behind("a", 0, "returns").take();
  const auto entries = engine.tick({subject_of("a")}, &sample, kNow, kWall);
  CHECK_FALSE(entries[0]->lag);
  CHECK(entries[0]->error == "topic orders: was not read");
}

TEST_CASE("groups on one topic share its past") {
  Engine engine;
  const std::vector<Subject> first{subject_of("a")}, both{subject_of("a"), subject_of("b")};
  const auto tick = [&](const std::vector<Subject>& subjects, SteadyTime now, std::int64_t end) {
    const auto sample = SampleOf(now).topic("orders", 1, end).behind("a", 0).behind("b", end - 100).take();
    return engine.tick(subjects, &sample, now, kWall);
  };
  tick(first, kNow, 100);
  tick(first, kNow + 1s, 150);
  const auto entries = tick(both, kNow + 10s, 200);
  CHECK(entries[0]->delay == api::Delay{});
  // The record at 100 came when only the other one was there to look.
  CHECK(entries[1]->delay == api::Delay{9s, true});
}

TEST_CASE("a read that failed as a whole is every subject's, and what was decided is held") {
  Engine engine;
  const auto good = SampleOf(kNow).behind("a", 1000).take();
  const Result<kafka::Sample> bad = std::unexpected(Error{Code::kUnavailable, "no broker answers", Retry::later()});
  engine.tick({subject_of("a")}, &good, kNow, kWall);
  const auto entries = engine.tick({subject_of("a")}, &bad, kNow + 1s, kWall + 1s);
  CHECK(entries[0]->decision.known);
  CHECK(entries[0]->decision.freshness == scaling::Freshness::kStale);
  CHECK(entries[0]->decision.desired == 4);
  CHECK(entries[0]->error.find("no broker answers") != std::string::npos);
}

TEST_CASE("status tells a new engine of the last activity and of what was decided") {
  Engine engine;
  auto scaler = testing::scaler_of("shop", "a");
  scaler.status.desired_replicas = 3;
  scaler.status.current_replicas = 3;
  const auto idle = SampleOf(kNow).behind("a", 0).take();
  const auto first = [&](std::optional<Duration> last_active) {
    if (last_active) scaler.status.last_active = kWall - *last_active;
    const Subject subject{std::make_shared<const api::ConsumerScaler>(scaler), std::nullopt, ""};
    return engine.tick({subject}, &idle, kNow, kWall)[0];
  };
  SUBCASE("young, it does not lower") {
    CHECK(first(10s)->decision.desired == 3);
  }
  SUBCASE("the cooldown counts from the activity that status knows") {
    scaler.status.desired_replicas = std::nullopt;
    CHECK(first(4min)->decision.desired == 1);
    CHECK(first(4min)->last_active == kWall - 4min);
    scaler.meta.uid = "another";
    CHECK(first(6min)->decision.desired == 0);
  }
  SUBCASE("a clock that went back is not the future") {
    CHECK(first(-1h)->last_active == kWall);
  }
}

TEST_CASE("a topic whose commits tell that it may be another one is looked up in the next read") {
  Engine engine;
  const std::vector<Subject> subjects{subject_of("a")};
  for (int i = 0; i < 3; ++i) {
    SampleOf next(kNow + i * 1s);
    next.topic("orders", 2).behind("a", 10);
    if (i > 0) next.sample.groups["a"].committed.clear();
    const auto sample = next.take();
    engine.tick(subjects, &sample, kNow + i * 1s, kWall + i * 1s);
    CHECK(engine.plan(subjects).doubtful == (i == 1 ? std::set<std::string>{"orders"} : std::set<std::string>{}));
  }
}

TEST_CASE("an object that was made anew, or another group, begins with an empty past") {
  Engine engine;
  const auto good = SampleOf(kNow).behind("a", 1000).take();
  const Result<kafka::Sample> bad = std::unexpected(Error{Code::kUnavailable, "no broker answers", Retry::later()});
  engine.tick({subject_of("a")}, &good, kNow, kWall);
  auto again = testing::scaler_of("shop", "a");
  again.meta.uid = "another";
  const Subject subject{std::make_shared<const api::ConsumerScaler>(again), std::nullopt, ""};
  CHECK_FALSE(engine.tick({subject}, &bad, kNow + 1s, kWall)[0]->decision.known);
  engine.tick({}, nullptr, kNow + 2s, kWall);
  CHECK_FALSE(engine.tick({subject_of("a")}, &bad, kNow + 3s, kWall)[0]->decision.known);
}

TEST_CASE("after a start the oldest records' ages are found out by asking, and then known to within a tenth") {
  Engine engine;
  const std::vector<Subject> subjects{subject_of("a")};
  // One record a minute for two days; the group is behind by 100 minutes, and the cluster answers truthfully.
  const auto record_time = [](std::int64_t offset) { return kWall - (2880 - 1 - offset) * 1min; };
  int asked = 0, rounds = 0;
  for (int i = 0; i < 40; ++i) {
    const Duration later = i * 1s;
    SampleOf next(kNow + later);
    next.sample.wall = kWall + later;
    next.topic("orders", 2, 2880).behind("a", 100);
    const auto plan = engine.plan(subjects);
    CHECK(plan.probes.size() <= 2);
    if (!plan.probes.empty() && i >= 20) ++rounds;
    for (const auto& probe : plan.probes) {
      ++asked;
      std::int64_t offset = 0;
      while (offset < 2880 && record_time(offset) < probe.time) ++offset;
      const bool none = offset == 2880;
      next.sample.probes.push_back(
          {probe, Reading::of(none ? kNoOffset : offset), none ? std::nullopt : std::optional(record_time(offset))});
    }
    const auto sample = next.take();
    const auto entry = engine.tick(subjects, &sample, kNow + later, kWall + later)[0];
    if (i == 0) CHECK(entry->delay == api::Delay{0s, true});
    if (i >= 30) {
      REQUIRE(entry->delay);
      CHECK_FALSE(entry->delay->at_least);
      CHECK(entry->delay->age <= 99min + later);
      CHECK(entry->delay->age >= 90min);
    }
  }
  CHECK(asked <= 2 * 15);
  CHECK(rounds <= 3);  // near bounds are not worth a request every second
  CHECK(engine.plan(subjects).probes.empty());
}

TEST_CASE("a probe without an answer, or with one that can't be true, is not repeated at once") {
  Engine engine;
  const std::vector<Subject> subjects{subject_of("a")};
  const auto tick = [&](Duration later, std::optional<std::int64_t> answer) {
    SampleOf next(kNow + later);
    next.sample.wall = kWall + later;
    next.topic("orders", 1).behind("a", 100);
    for (const auto& probe : engine.plan(subjects).probes)
      if (answer) next.sample.probes.push_back({probe, Reading::of(*answer), std::nullopt});
    const auto sample = next.take();
    engine.tick(subjects, &sample, kNow + later, kWall + later);
    return engine.plan(subjects).probes.size();
  };
  CHECK(tick(0s, {}) == 1);
  CHECK(tick(1s, {}) == 0);
  CHECK(tick(30s, {}) == 0);
  CHECK(tick(31s, {}) == 1);
  CHECK(tick(32s, 99'950) == 1);  // older than that: ask farther back
  CHECK(tick(33s, 99'960) == 0);  // the end goes up when one looks back: not true
}

TEST_CASE("what Penstock would have had is compared in mode Observe alone, and anew with each spec") {
  Engine engine;
  SteadyTime now = kNow;
  const auto tick = [&](const char* mode, std::int64_t generation, const std::string& uid = "uid-a") {
    auto scaler = testing::scaler_of("shop", "a", {{"mode", mode}});
    scaler.meta.generation = generation;
    scaler.meta.uid = uid;
    scaler.status.current_replicas = 1;
    const Subject subject{std::make_shared<const api::ConsumerScaler>(std::move(scaler)), std::nullopt, ""};
    now += 1s;
    const auto sample = SampleOf(now).behind("a", 1000).take();
    return engine.tick({subject}, &sample, now, kWall + (now - kNow))[0];
  };
  CHECK_FALSE(tick("Scale", 1)->comparison);
  const auto first = tick("Observe", 2);
  REQUIRE(first->comparison);
  CHECK(tick("Observe", 2)->comparison == first->comparison);
  const scaling::Compared compared = first->comparison->result();
  CHECK(compared.since == kWall + 2s);
  CHECK(compared.known == 1s);
  CHECK(compared.actual.most == 1);
  CHECK(compared.penstock.most == 4);
  REQUIRE(compared.differences.size() == 1);
  CHECK(compared.differences[0].lag == 4000);
  const auto edited = tick("Observe", 3);
  CHECK(edited->comparison != first->comparison);
  CHECK(edited->comparison->result().since == kWall + 4s);
  CHECK(tick("Observe", 3, "uid-b")->comparison->result().since == kWall + 5s);
  CHECK_FALSE(tick("Scale", 4, "uid-b")->comparison);
}
