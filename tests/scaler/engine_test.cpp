#include "scaler/fakes.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaler;
using scaler::testing::behind;
using scaler::testing::sample_of;
using scaler::testing::subject_of;

namespace {

const SteadyTime kNow{1h};
const WallTime kWall{std::chrono::hours{500'000}};

}  // namespace

TEST_CASE("groups of one kind are read together, each once with the topics of all who name it") {
  const std::vector<Subject> subjects{
      subject_of("a", {{"consumerGroup", "g"}, {"topics", {"orders"}}}),
      subject_of("b", {{"consumerGroup", "g"}, {"topics", {"returns"}}}),
      subject_of("c", {{"consumerGroup", "h"}}),
  };
  const auto rounds = plan_rounds(subjects);
  REQUIRE(rounds.size() == 1);
  CHECK(rounds[0].subjects == std::vector<std::size_t>{0, 1, 2});
  REQUIRE(rounds[0].plan.groups.size() == 2);
  CHECK(rounds[0].plan.groups[0].id == "g");
  CHECK(rounds[0].plan.groups[0].topics == std::set<std::string>{"orders", "returns"});
}

TEST_CASE("another isolation, or topics that are to be found out, is another read; the refused are not read") {
  std::vector<Subject> subjects{
      subject_of("a", {{"consumerGroup", "g"}}),
      subject_of("b", {{"consumerGroup", "g"}, {"isolation", "read_committed"}}),
      subject_of("c", {{"consumerGroup", "g"}}),
      subject_of("d", {{"consumerGroup", "g"}}),
  };
  auto open_topics = std::make_shared<api::ConsumerScaler>(*subjects[2].scaler);
  open_topics->spec.topics.clear();
  subjects[2].scaler = open_topics;
  subjects[3].refusal = "not allowed";
  const auto rounds = plan_rounds(subjects);
  REQUIRE(rounds.size() == 3);
  std::set<std::size_t> read;
  for (const auto& round : rounds) {
    CHECK(round.plan.groups.size() == 1);
    read.insert(round.subjects.begin(), round.subjects.end());
  }
  CHECK(read == std::set<std::size_t>{0, 1, 2});
}

TEST_CASE("a ConsumerScaler sees only the topics that it names") {
  auto group = behind(10);
  group.partitions.insert_or_assign("other", 1);
  group.offsets[{"other", 0}] = {};
  const Result<kafka::Sample> sample = sample_of(kNow, {{"a", group}});
  const auto input = input_of(sample, testing::scaler_of("shop", "a").spec, kNow);
  CHECK(input.topics.size() == 1);
  CHECK(input.partitions.size() == 4);
  CHECK(input.group.known);
  CHECK(input.group.assignor == "range");
}

TEST_CASE("one sample decides for all, and one that is broken changes nothing for the others") {
  Engine engine;
  auto broken = behind(0);
  broken.partitions.insert_or_assign("orders",
                                     std::unexpected(Error{Code::kNotFound, "does not exist", Retry::later()}));
  const Result<kafka::Sample> sample = sample_of(kNow, {{"good", behind(1000)}, {"bad", broken}});
  std::vector<Subject> subjects{subject_of("good"), subject_of("bad"), subject_of("absent"), subject_of("foreign")};
  subjects[3].refusal = "EventPlatform kafka/main does not allow the namespace shop";
  const auto entries = engine.tick(subjects, {&sample, &sample, &sample, nullptr}, kNow, kWall);
  REQUIRE(entries.size() == 4);
  CHECK(entries[0]->decision.known);
  CHECK(entries[0]->decision.desired == 4);
  CHECK(entries[0]->lag == 4000);
  CHECK(entries[0]->group.state == "Stable");
  CHECK(entries[0]->decided_at == kWall);
  CHECK(entries[0]->last_active == kWall);
  for (int i = 1; i < 4; ++i) {
    CHECK_FALSE(entries[i]->decision.known);
    CHECK_FALSE(entries[i]->lag);
  }
  CHECK(entries[1]->error == "topic orders: does not exist");
  CHECK(entries[2]->error == "topic orders: was not read");
  CHECK(entries[3]->error == "EventPlatform kafka/main does not allow the namespace shop");
}

TEST_CASE("a read that failed as a whole is every subject's, and what was decided is held") {
  Engine engine;
  const Result<kafka::Sample> good = sample_of(kNow, {{"a", behind(1000)}});
  const Result<kafka::Sample> bad = std::unexpected(Error{Code::kUnavailable, "no broker answers", Retry::later()});
  engine.tick({subject_of("a")}, {&good}, kNow, kWall);
  const auto entries = engine.tick({subject_of("a")}, {&bad}, kNow + 1s, kWall + 1s);
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
  const Result<kafka::Sample> idle = sample_of(kNow, {{"a", behind(0)}});
  const auto first = [&](std::optional<Duration> last_active) {
    if (last_active) scaler.status.last_active = kWall - *last_active;
    const Subject subject{std::make_shared<const api::ConsumerScaler>(scaler), std::nullopt, ""};
    return engine.tick({subject}, {&idle}, kNow, kWall)[0];
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

TEST_CASE("an object that was made anew, or another group, begins with an empty past") {
  Engine engine;
  const Result<kafka::Sample> good = sample_of(kNow, {{"a", behind(1000)}});
  const Result<kafka::Sample> bad = std::unexpected(Error{Code::kUnavailable, "no broker answers", Retry::later()});
  engine.tick({subject_of("a")}, {&good}, kNow, kWall);
  auto again = testing::scaler_of("shop", "a");
  again.meta.uid = "another";
  const Subject subject{std::make_shared<const api::ConsumerScaler>(again), std::nullopt, ""};
  CHECK_FALSE(engine.tick({subject}, {&bad}, kNow + 1s, kWall)[0]->decision.known);
  engine.tick({}, {}, kNow + 2s, kWall);
  CHECK_FALSE(engine.tick({subject_of("a")}, {&bad}, kNow + 3s, kWall)[0]->decision.known);
}
