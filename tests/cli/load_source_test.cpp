#include "samples.hpp"

#include <penstock/cli/load_source.hpp>

#include <sstream>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;
using cli::testing::SampleOf;
using cli::testing::ScriptedReader;

namespace {

const Error kNoBroker{Code::kUnavailable, "no broker answers", Retry::later()};
const Error kHopeless{Code::kForbidden, "not allowed", Retry::never()};

api::ConsumerScalerSpec spec_of(std::vector<std::string> topics) {
  api::ConsumerScalerSpec spec;
  spec.consumer_group = "billing";
  spec.topics = std::move(topics);
  return spec;
}

// Tells one answer after another.
class Script final : public LoadSource {
 public:
  explicit Script(std::vector<Result<Arrived>> answers) : answers_(std::move(answers)) {}
  Result<Arrived> look(const std::stop_token&) override {
    Result<Arrived> answer = answers_.at(next_++);
    if (next_ == answers_.size()) stop.request_stop();
    return answer;
  }
  std::stop_source stop;  // after the last

 private:
  std::vector<Result<Arrived>> answers_;
  std::size_t next_ = 0;
};

// A second later whenever it is looked at, so that nobody waits.
class HastyClock final : public Clock {
 public:
  SteadyTime now() const override { return now_ += 1s; }
  WallTime wall() const override { return {}; }

 private:
  mutable SteadyTime now_{1h};
};

struct Recorder {
  std::ostringstream out, err;
  HastyClock clock;
  Result<simulation::Recording> run(LoadSource& source, Duration length, const std::stop_token& stop = {}) {
    Console console{out, err};
    return record(source, length, console, clock, stop);
  }
};

Result<Arrived> seen(Duration at, double records) {
  return Arrived{SteadyTime{2h} + at, records};
}

}  // namespace

TEST_CASE("what arrives is what the ends of all topics went on by, also in partitions and topics that are new") {
  ManualClock clock;
  std::vector<SampleOf> samples;
  samples.push_back(SampleOf(clock).topic("orders", {100, 50}));
  samples.push_back(SampleOf(clock).topic("orders", {110, 50}));
  samples.push_back(SampleOf(clock).topic("orders", {110, 55, 3}));
  samples.push_back(SampleOf(clock).topic("orders", {110, 55, 3}).topic("refunds", {1000}));
  samples.push_back(SampleOf(clock).topic("orders", {7, 55, 3}).topic("refunds", {1001}));
  const double arrived[] = {0, 10, 18, 18, 26};
  auto reader = std::make_unique<ScriptedReader>();
  kafka::SamplePlan plan;
  std::size_t next = 0;
  reader->answer = [&](const kafka::SamplePlan& asked) {
    plan = asked;
    return samples.at(next++).take();
  };
  KafkaLoad load(std::move(reader), spec_of({"orders"}), 5s);
  for (const double records : arrived) CHECK(load.look({})->records == records);
  REQUIRE(plan.groups.size() == 1);
  CHECK(plan.groups[0].id == "billing");
  CHECK(plan.groups[0].topics == std::set<std::string>{"orders"});
  CHECK(plan.groups[0].ends);
  CHECK_FALSE(plan.groups[0].stable_ends);
  CHECK_FALSE(plan.groups[0].committed_topics);
}

TEST_CASE("a look that can't see all of the load is an error, and what it missed is in the next") {
  ManualClock clock;
  std::vector<Result<kafka::Sample>> samples;
  samples.push_back(SampleOf(clock).commits("billing", "orders", {0}).topic("orders", {100, 50}).take());
  samples.push_back(SampleOf(clock).topic("orders", {110, 60}).lost_end("orders", 1, "no leader").take());
  samples.push_back(SampleOf(clock).lost_topic("orders", kNoBroker).take());
  samples.push_back(SampleOf(clock).lost_group("billing", kHopeless).take());
  samples.push_back(SampleOf(clock).take());
  samples.push_back(std::unexpected(kNoBroker));
  samples.push_back(SampleOf(clock).topic("orders", {120, 60}).take());
  auto reader = std::make_unique<ScriptedReader>();
  std::size_t next = 0;
  reader->answer = [&](const kafka::SamplePlan& asked) {
    CHECK(asked.groups[0].committed_topics);
    return std::move(samples.at(next++));
  };
  KafkaLoad load(std::move(reader), spec_of({}), 5s);
  CHECK(load.look({})->records == 0);
  CHECK(load.look({}).error().what == "topic orders: no leader");
  CHECK(load.look({}).error().what == "topic orders: no broker answers");
  CHECK(load.look({}).error().what == "group billing: not allowed");
  CHECK(load.look({}).error().what == "group billing has committed to no topic, and the file names none");
  CHECK(load.look({}).error().what == "no broker answers");
  CHECK(load.look({})->records == 30);
}

TEST_CASE("of a group that reads committed records the last stable offsets count") {
  ManualClock clock;
  auto reader = std::make_unique<ScriptedReader>();
  std::int64_t stable = 90;
  reader->answer = [&](const kafka::SamplePlan& asked) {
    CHECK(asked.groups[0].stable_ends);
    CHECK_FALSE(asked.groups[0].ends);
    SampleOf sample = SampleOf(clock).topic("orders", {100});
    sample.sample.topics.at("orders")->stable_ends = {Reading::of(stable++)};
    return sample.take();
  };
  api::ConsumerScalerSpec spec = spec_of({"orders"});
  spec.read_committed = true;
  KafkaLoad load(std::move(reader), spec, 5s);
  load.look({});
  CHECK(load.look({})->records == 1);
}

TEST_CASE("from Penstock it is the arrival rate, as long as that is known") {
  class Decisions final : public Source {
   public:
    Result<Answer> read(std::stop_token) override {
      Answer answer;
      answer.value["consumerScalers"] = scalers;
      answer.problems = problems;
      return answer;
    }
    OrderedJson scalers = OrderedJson::array();
    std::vector<std::string> problems;
  };
  auto made = std::make_unique<Decisions>();
  Decisions& told = *made;
  ManualClock clock;
  FeedLoad load(std::move(made), clock);
  told.problems = {"the scaler has no decision on a ConsumerScaler orders"};
  CHECK(load.look({}).error().what == told.problems.front());
  told.scalers.push_back(OrderedJson{{"freshness", "Fresh"}, {"arrivalRate", 100.0}});
  CHECK(load.look({})->records == 0);
  clock.advance(1s);
  CHECK(load.look({})->records == 100);
  told.scalers[0] = {{"freshness", "Stale"}, {"arrivalRate", 100.0}, {"error", "no broker answers"}};
  clock.advance(1s);
  CHECK(load.look({}).error().what == "the scaler does not know the arrival rate: no broker answers");
  told.scalers[0] = {{"freshness", "Fresh"}, {"arrivalRate", 50.0}};
  clock.advance(1s);
  CHECK(load.look({})->records == 200);
  told.scalers[0]["arrivalRate"] = nullptr;
  CHECK(load.look({}).error().what == "the scaler does not know the arrival rate");
  told.scalers = {OrderedJson::object(), OrderedJson::object()};
  CHECK(load.look({}).error().what.find("give -n") != std::string::npos);
}

TEST_CASE("a recording bridges what could not be seen, and says so once") {
  Script source(
      {seen(0s, 0), seen(1s, 10), std::unexpected(kNoBroker), std::unexpected(kNoBroker), seen(4s, 40), seen(5s, 40)});
  Recorder recorder;
  const auto recording = recorder.run(source, 9s);
  REQUIRE(recording);
  CHECK(recording->trace() == "seconds,records_per_second\n0,10\n1,10\n2,10\n3,10\n4,0\n");
  CHECK(recorder.err.str() ==
        "Recording for 9s; Ctrl-C ends it early.\nwarning: for now nothing is recorded: no broker answers\n");
}

TEST_CASE("a stop ends a recording with what there is") {
  Script source({seen(0s, 0), seen(1s, 10), seen(2s, 30), seen(3s, 90)});
  Recorder recorder;
  const auto recording = recorder.run(source, 1h, source.stop.get_token());
  REQUIRE(recording);
  CHECK(recording->records() == 30);
}

TEST_CASE("a first look may need another one; without any there is no recording") {
  Recorder recorder;
  Script late({std::unexpected(kNoBroker), seen(0s, 0), seen(1s, 10)});
  CHECK(recorder.run(late, 1s)->records() == 10);
  Script hopeless({std::unexpected(kHopeless)});
  CHECK(recorder.run(hopeless, 1s).error().what == "not allowed");
  Script lost({seen(0s, 0), std::unexpected(kNoBroker)});
  CHECK(recorder.run(lost, 1s).error().what == "nothing was recorded: no broker answers");
}
