#include "samples.hpp"

#include <penstock/cli/kafka_source.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;
using cli::testing::SampleOf;
using cli::testing::ScriptedLister;
using cli::testing::ScriptedReader;
using cli::testing::stable;

namespace {

const Error kNoBroker{Code::kUnavailable, "no broker answers", Retry::later()};
const Error kRefused{Code::kForbidden, "Group authorization failed.", Retry::later()};

// A source over a script. The clock moves half a second with each read.
struct Stage {
  using Script = std::function<SampleOf(SampleOf)>;

  explicit Stage(Script script, KafkaWish wish = {.groups = {"billing"}}, GroupView view = {}) {
    auto made = std::make_unique<ScriptedReader>();
    reader = made.get();
    auto made_lister = std::make_unique<ScriptedLister>();
    lister = made_lister.get();
    reader->answer = [this, script = std::move(script)](const kafka::SamplePlan& plan) {
      clock.advance(500ms);
      plans.push_back(plan);
      return script(SampleOf(clock)).take();
    };
    source = std::make_unique<KafkaSource>(std::move(made), std::move(made_lister), std::move(wish), view, clock);
  }

  GroupReport report() {
    auto report = source->report({});
    if (!report) FAIL(report.error().to_string());
    return *std::move(report);
  }
  std::string table() {
    auto answer = source->read({});
    if (!answer) FAIL(answer.error().to_string());
    complete = answer->complete;
    value = answer->value;
    return render(answer->table, {});
  }

  ManualClock clock;
  ScriptedReader* reader = nullptr;
  ScriptedLister* lister = nullptr;
  std::vector<kafka::SamplePlan> plans;
  std::unique_ptr<KafkaSource> source;
  bool complete = false;
  OrderedJson value;
};

SampleOf two_topics(SampleOf sample) {
  return sample.topic("orders", {100, 50, 10})
      .topic("refunds", {7})
      .commits("billing", "orders", {90, 50, 9})
      .commits("billing", "refunds", {7})
      .state("billing", stable({{"orders", {0, 1, 2}}, {"refunds", {0}}}, 2));
}

}  // namespace

TEST_CASE("a group's topics are lines with their lag, the largest first") {
  Stage stage(two_topics);
  CHECK(stage.table() ==
        "GROUP     TOPIC     TYPE       STATE    MEMBERS   PARTITIONS   LAG   DELAY   NOTE\n"
        "billing   orders    Consumer   Stable         2            3    11       -\n"
        "billing   refunds   Consumer   Stable         2            1     0      0s\n");
  CHECK(stage.complete);
  const OrderedJson& group = stage.value.at("groups").at(0);
  CHECK(group.at("group") == "billing");
  CHECK(group.at("lag") == 11);
  CHECK(group.at("members") == 2);
  CHECK(group.at("topics").at(0).at("topic") == "orders");
  CHECK(group.at("topics").at(0).at("delayIsAtLeast") == true);
  CHECK_FALSE(group.at("topics").at(0).contains("byPartition"));
}

TEST_CASE("partitions are lines on request, with what was committed and where they end") {
  Stage stage(
      [](SampleOf sample) {
        return sample.topic("orders", {100, 50, 10, 3})
            .commits("billing", "orders", {90, 50, -1, 5})
            .state("billing", stable({{"orders", {0, 1, 3}}}));
      },
      {.groups = {"billing"}}, {.partitions = true});
  CHECK(stage.table() ==
        "GROUP     TOPIC    PARTITION   COMMITTED   END   LAG   NOTE\n"
        "billing   orders           0          90   100    10\n"
        "billing   orders           1          50    50     0\n"
        "billing   orders           2           -    10     0   no commit; no member has it\n"
        "billing   orders           3           5     3     0   committed beyond the end\n");
  const OrderedJson& partition = stage.value.at("groups").at(0).at("topics").at(0).at("byPartition").at(2);
  CHECK(partition.at("committed").is_null());
  CHECK(partition.at("start") == 0);
  CHECK(partition.at("end") == 10);
  CHECK(partition.at("note") == "no commit; no member has it");
}

TEST_CASE("a partition without a commit counts as the offset reset says, as for a ConsumerScaler") {
  const auto script = [](SampleOf sample) {
    return sample.topic("orders", {100, 50}).commits("billing", "orders", {90, -1});
  };
  CHECK(Stage(script).report().groups[0].lag == 10);
  CHECK(Stage(script, {.groups = {"billing"}, .offset_reset = api::OffsetReset::kEarliest}).report().groups[0].lag ==
        60);
}

TEST_CASE("an unknown partition makes its topic and its group unknown, says why, and leaves other topics alone") {
  Stage stage(
      [](SampleOf sample) { return two_topics(std::move(sample)).lost_end("orders", 1, "no broker leads it"); });
  CHECK(
      stage.table() ==
      "GROUP     TOPIC     TYPE       STATE    MEMBERS   PARTITIONS       LAG     DELAY   NOTE\n"
      "billing   orders    Consumer   Stable         2            3   unknown   unknown   partition 1: no broker leads "
      "it\n"
      "billing   refunds   Consumer   Stable         2            1         0        0s\n");
  CHECK_FALSE(stage.complete);
  const OrderedJson& group = stage.value.at("groups").at(0);
  CHECK(group.at("lag").is_null());
  CHECK(group.at("topics").at(0).at("lag").is_null());
  CHECK(group.at("topics").at(0).at("error") == "partition 1: no broker leads it");
  CHECK(group.at("topics").at(1).at("lag") == 0);
}

TEST_CASE("in a list of partitions only the unknown one is unknown") {
  Stage stage([](SampleOf sample) { return two_topics(std::move(sample)).lost_end("orders", 1, "no broker leads it"); },
              {.groups = {"billing"}, .topics = {"orders"}}, {.partitions = true});
  CHECK(stage.table() ==
        "GROUP     TOPIC    PARTITION   COMMITTED   END       LAG   NOTE\n"
        "billing   orders           1          50     -   unknown   no broker leads it\n"
        "billing   orders           0          90   100        10\n"
        "billing   orders           2           9    10         1\n");
  CHECK_FALSE(stage.complete);
}

TEST_CASE("what can't be read of a topic or a group is told in place of numbers") {
  Stage topic([](SampleOf sample) {
    return sample.commits("billing", "orders", {1}).lost_topic("orders", {Code::kNotFound, "no such topic", {}});
  });
  CHECK(topic.table().find("unknown   unknown   no such topic\n") != std::string::npos);
  CHECK_FALSE(topic.complete);
  Stage group([](SampleOf sample) { return sample.lost_group("billing", kRefused); });
  CHECK(group.table() ==
        "GROUP     TOPIC   TYPE   STATE     MEMBERS   PARTITIONS       LAG     DELAY   NOTE\n"
        "billing   -       -      unknown         -            -   unknown   unknown   Group authorization failed.\n");
  CHECK_FALSE(group.complete);
}

TEST_CASE("a group that nobody has heard of is an error when it was asked for") {
  Stage stage([](SampleOf sample) { return sample.state("billing", {"", "Dead", "", 0, nullptr}); });
  CHECK(stage.table().find("no such group") != std::string::npos);
  CHECK_FALSE(stage.complete);
}

TEST_CASE("a topic that a member has and that was never committed to is shown and not counted") {
  Stage stage([](SampleOf sample) {
    return two_topics(std::move(sample)).state("billing", stable({{"orders", {0, 1, 2}}, {"new", {0, 1}}}));
  });
  const GroupReport report = stage.report();
  REQUIRE(report.groups[0].topics.size() == 3);
  CHECK(report.groups[0].topics[2].topic == "new");
  CHECK(report.groups[0].topics[2].note == "assigned, nothing committed yet");
  CHECK(report.groups[0].lag == 11);
  CHECK(report.groups[0].topics[1].note == "no member has partition 0");
}

TEST_CASE("without a group all consumers' groups are read, and a broker that tells none is a problem") {
  Stage stage(
      [](SampleOf sample) {
        return sample.topic("orders", {10}).commits("billing", "orders", {3}).commits("audit", "orders", {10});
      },
      {});
  stage.lister->answer = kafka::ListedGroups{
      {{"billing", "Classic", "consumer"}, {"audit", "Classic", ""}, {"sink", "Classic", "connect"}}, {kNoBroker}};
  CHECK(stage.table() ==
        "GROUP     TOPIC    TYPE      STATE   MEMBERS   PARTITIONS   LAG   DELAY   NOTE\n"
        "billing   orders   Classic   Empty         0            1     7       -\n"
        "audit     orders   Classic   Empty         0            1     0      0s\n");
  CHECK_FALSE(stage.complete);
  CHECK(stage.value.at("problems").at(0) == "unavailable: no broker answers");
  REQUIRE(stage.plans.front().groups.size() == 2);
  CHECK(stage.plans.front().groups[0].committed_topics);
}

TEST_CASE("a filter of topics leaves out the groups that don't read them, and the rest of the others") {
  Stage stage([](SampleOf sample) { return two_topics(std::move(sample)).commits("audit", "refunds", {7}); },
              {.topics = {"orders"}});
  stage.lister->answer = kafka::ListedGroups{{{"audit", "", "consumer"}, {"billing", "", "consumer"}}, {}};
  const GroupReport report = stage.report();
  REQUIRE(report.groups.size() == 1);
  CHECK(report.groups[0].group == "billing");
  REQUIRE(report.groups[0].topics.size() == 1);
  CHECK(report.groups[0].lag == 11);
}

TEST_CASE("no groups is an empty answer, and nothing is read") {
  Stage stage(two_topics, {});
  CHECK(stage.report().groups.empty());
  CHECK(stage.reader->reads == 0);
}

TEST_CASE("the first answer takes the time to find delays, later ones only look once") {
  const ManualClock birth;
  // The records have waited for 45 s when the tool starts.
  const WallTime written = birth.wall() - 45s;
  Stage stage({}, {.groups = {"billing"}});
  stage.reader->answer = [&](const kafka::SamplePlan& plan) {
    stage.clock.advance(100ms);
    SampleOf sample(stage.clock);
    sample.topic("orders", {10}).commits("billing", "orders", {3});
    for (const kafka::Probe& probe : plan.probes)
      sample.sample.probes.push_back(
          {probe, Reading::of(probe.time <= written ? 3 : kNoOffset), std::optional<WallTime>()});
    return sample.take();
  };
  const GroupReport report = stage.report();
  REQUIRE(report.groups[0].delay);
  CHECK(report.groups[0].delay->age > 40s);
  CHECK(report.groups[0].delay->age < 50s);
  CHECK_FALSE(report.groups[0].delay->at_least);
  const int reads = stage.reader->reads;
  CHECK(reads > 2);
  stage.report();
  CHECK(stage.reader->reads == reads + 1);
}

TEST_CASE("what is pending may be known a moment later, and is waited for") {
  int reads = 0;
  Stage stage([&](SampleOf sample) {
    SampleOf full = two_topics(std::move(sample));
    return ++reads < 3 ? full.lost_end("orders", 0, "a transaction is open") : std::move(full);
  });
  CHECK(stage.report().groups[0].lag == 11);
  CHECK(reads >= 3);
}

TEST_CASE("what is refused for good is not waited for") {
  Stage stage([](SampleOf sample) { return sample.lost_group("billing", kRefused); });
  stage.report();
  CHECK(stage.reader->reads == 2);
}

TEST_CASE("rates are told when the tool goes on looking") {
  std::int64_t end = 100;
  Stage stage(
      [&](SampleOf sample) {
        end += 5;
        return sample.topic("orders", {end}).commits("billing", "orders", {end - 10});
      },
      {.groups = {"billing"}}, {.rates = true});
  stage.report();
  CHECK(stage.table() ==
        "GROUP     TOPIC    TYPE      STATE   MEMBERS   PARTITIONS   LAG   DELAY   IN/S   OUT/S   NOTE\n"
        "billing   orders   Classic   Empty         0            1    10      0s   10.0    10.0\n");
}

TEST_CASE("when nothing can be read the reader's words are the answer") {
  Stage stage(two_topics);
  stage.reader->answer = [](const kafka::SamplePlan&) { return std::unexpected(kNoBroker); };
  const auto answer = stage.source->read({});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().what == "no broker answers");
  Stage all(two_topics, {});
  all.lister->answer = std::unexpected(kRefused);
  CHECK_FALSE(all.source->read({}));
}
