#include "../../src/kafka/admin/tick.hpp"
#include "mock_kafka.hpp"

#include <thread>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka;
using penstock::kafka::test::MockKafka;

namespace {

// Generous: the mock answers in milliseconds, the machine may be busy.
constexpr Duration kTimeout = 10s;
// For brokers that won't answer: long enough for those that do.
constexpr Duration kShort = 2s;

Result<std::unique_ptr<Handle>> open(const std::string& bootstrap) {
  Connection connection;
  connection.bootstrap_servers = bootstrap;
  return Handle::open(connection, "test-scaler", {.request = 2s, .connect = 3s, .memory = 700ms});
}

using Leaders = std::map<std::string, std::vector<int>>;

// A reader whose groups and topics always have just been looked up. The mock can do neither: it names no controller, to
// which librdkafka sends questions after topics, and knows no DescribeGroups, where librdkafka writes to freed memory.
struct Reader {
  Reader(const std::string& bootstrap, Leaders known) : leaders(std::move(known)) {
    auto opened = open(bootstrap);
    REQUIRE(opened);
    handle = std::move(*opened);
  }
  Result<Sample> try_read(const SamplePlan& plan, Duration timeout, std::stop_token stop = {}) {
    clock.advance(1s);
    for (const auto& group : plan.groups) groups.described(group.id, GroupInfo{}, clock.now());
    groups.listed(GroupList{}, clock.now());
    for (const auto& [name, by_partition] : leaders) {
      TopicInfo info;
      info.topic_id = "id";
      for (const int leader : by_partition)
        info.partitions.push_back({.id = 0, .leader = leader, .replicas = {}, .in_sync_replicas = {}});
      topics.put(name, by_partition.empty() ? Result<TopicInfo>(fail(Code::kNotFound, "no such topic")) : info,
                 clock.now());
    }
    return Tick(*handle, topics, groups, plan, clock, timeout, std::move(stop)).run();
  }
  Sample read(const SamplePlan& plan, Duration timeout = kTimeout) {
    auto sample = try_read(plan, timeout);
    if (!sample) MESSAGE(sample.error().to_string());
    REQUIRE(sample);
    return *std::move(sample);
  }

  Leaders leaders;  // no partitions: no such topic
  ManualClock clock;
  std::unique_ptr<Handle> handle;
  TopicCache topics{5s};
  GroupCache groups;
};

SamplePlan plan_of(const std::string& group, std::set<std::string> topics) {
  return {.groups = {{.id = group, .topics = std::move(topics), .read_committed = false}}};
}

}  // namespace

TEST_CASE("a tick reads ends and starts, and a partition without a commit is not an error") {
  MockKafka kafka(3);
  kafka.create_topic("orders", {1, 2, 3});
  kafka.produce("orders", 0, 5);
  kafka.produce("orders", 2, 2);

  Reader reader(kafka.bootstrap(), {{"orders", {1, 2, 3}}});
  const Sample sample = reader.read(plan_of("billing", {"orders"}));
  REQUIRE(sample.groups.contains("billing"));
  const GroupSample& group = sample.groups.at("billing");
  CHECK(group.partitions.at("orders") == 3);
  REQUIRE(group.offsets.size() == 3);
  CHECK(group.offsets.at({"orders", 0}).end == 5);
  CHECK(group.offsets.at({"orders", 0}).start == 0);
  CHECK(group.offsets.at({"orders", 1}).end == 0);
  CHECK(group.offsets.at({"orders", 1}).committed.value() == std::nullopt);
  CHECK(group.offsets.at({"orders", 2}).end == 2);
}

TEST_CASE("both isolations are read in one tick") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  kafka.produce("orders", 0, 4);
  Reader reader(kafka.bootstrap(), {{"orders", {1}}});
  const Sample sample = reader.read({.groups = {{.id = "plain", .topics = {"orders"}, .read_committed = false},
                                                {.id = "exact", .topics = {"orders"}, .read_committed = true}}});
  CHECK(sample.groups.at("plain").offsets.at({"orders", 0}).end == 4);
  CHECK(sample.groups.at("exact").offsets.at({"orders", 0}).end == 4);
}

TEST_CASE("a topic that does not exist is an error of its own, not an empty sum") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  kafka.produce("orders", 0, 1);
  Reader reader(kafka.bootstrap(), {{"orders", {1}}, {"missing", {}}});
  const GroupSample group = reader.read(plan_of("billing", {"orders", "missing"})).groups.at("billing");
  REQUIRE_FALSE(group.partitions.at("missing"));
  CHECK(group.partitions.at("missing").error().code == Code::kNotFound);
  CHECK(group.partitions.at("orders") == 1);
  CHECK(group.offsets.at({"orders", 0}).end == 1);
  CHECK(group.offsets.size() == 1);
}

TEST_CASE("a partition whose leader refuses fails alone, and the next tick finds it again") {
  MockKafka kafka(3);
  kafka.create_topic("orders", {1, 2, 3});
  kafka.produce("orders", 0, 1);
  kafka.produce("orders", 1, 2);
  Reader reader(kafka.bootstrap(), {{"orders", {1, 2, 3}}});
  reader.read(plan_of("billing", {"orders"}));

  REQUIRE(rd_kafka_mock_broker_push_request_error_rtts(kafka.get(), 2, test::kListOffsets, 1,
                                                       RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                                       0) == RD_KAFKA_RESP_ERR_NO_ERROR);
  const GroupSample hurt = reader.read(plan_of("billing", {"orders"})).groups.at("billing");
  REQUIRE_FALSE(hurt.offsets.at({"orders", 1}).end);
  CHECK(hurt.offsets.at({"orders", 1}).end.error().code == Code::kUnavailable);
  CHECK(hurt.offsets.at({"orders", 0}).end == 1);
  CHECK(hurt.offsets.at({"orders", 2}).end == 0);

  const GroupSample well = reader.read(plan_of("billing", {"orders"})).groups.at("billing");
  CHECK(well.offsets.at({"orders", 1}).end == 2);
}

TEST_CASE("a broker that is down takes only its partitions along, within the time limit, and comes back") {
  MockKafka kafka(2);
  kafka.create_topic("orders", {1, 2});
  kafka.produce("orders", 0, 1);
  kafka.produce("orders", 1, 2);
  kafka.coordinate("billing", 1);
  Reader reader(kafka.bootstrap(), {{"orders", {1, 2}}});
  reader.read(plan_of("billing", {"orders"}));

  rd_kafka_mock_broker_set_down(kafka.get(), 2);
  const auto began = SystemClock{}.now();
  const GroupSample hurt = reader.read(plan_of("billing", {"orders"}), kShort).groups.at("billing");
  CHECK(SystemClock{}.now() - began < kShort + 500ms);
  CHECK(hurt.offsets.at({"orders", 0}).end == 1);
  CHECK(hurt.offsets.at({"orders", 0}).committed);
  CHECK_FALSE(hurt.offsets.at({"orders", 1}).end);

  rd_kafka_mock_broker_set_up(kafka.get(), 2);
  for (int tick = 0; tick < 10; ++tick) {
    const GroupSample group = reader.read(plan_of("billing", {"orders"}), kShort).groups.at("billing");
    if (group.offsets.at({"orders", 1}).end) break;
  }
  CHECK(reader.read(plan_of("billing", {"orders"})).groups.at("billing").offsets.at({"orders", 1}).end == 2);
}

TEST_CASE("a group whose coordinator can't be asked fails alone") {
  MockKafka kafka(2);
  kafka.create_topic("orders", {1});
  kafka.produce("orders", 0, 3);
  kafka.coordinate("good", 1);
  kafka.coordinate("bad", 2);
  Reader reader(kafka.bootstrap(), {{"orders", {1}}});
  const SamplePlan plan{.groups = {{.id = "good", .topics = {"orders"}, .read_committed = false},
                                   {.id = "bad", .topics = {"orders"}, .read_committed = false}}};
  rd_kafka_mock_broker_set_down(kafka.get(), 2);
  const Sample sample = reader.read(plan, kShort);
  CHECK(sample.groups.at("good").offsets.at({"orders", 0}).committed);
  CHECK(sample.groups.at("good").offsets.at({"orders", 0}).end == 3);
  CHECK_FALSE(sample.groups.at("bad").offsets.at({"orders", 0}).committed);
  CHECK(sample.groups.at("bad").offsets.at({"orders", 0}).end == 3);
}

TEST_CASE("a coordinator that moved is an error of its group, and calls for a new handle") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  Reader reader(kafka.bootstrap(), {{"orders", {1}}});
  reader.read(plan_of("billing", {"orders"}));

  rd_kafka_mock_push_request_errors(kafka.get(), test::kOffsetFetch, 1, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  const GroupSample lost = reader.read(plan_of("billing", {"orders"})).groups.at("billing");
  REQUIRE_FALSE(lost.offsets.at({"orders", 0}).committed);
  CHECK(lost.offsets.at({"orders", 0}).committed.error().code == Code::kUnavailable);
  CHECK(lost.offsets.at({"orders", 0}).end == 0);
  CHECK(reader.handle->coordinator_moved());
}

TEST_CASE("a group that may not be read is forbidden, alone") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  Reader reader(kafka.bootstrap(), {{"orders", {1}}});
  rd_kafka_mock_push_request_errors(kafka.get(), test::kOffsetFetch, 1, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  const GroupSample group = reader.read(plan_of("billing", {"orders"})).groups.at("billing");
  REQUIRE_FALSE(group.offsets.at({"orders", 0}).committed);
  CHECK(group.offsets.at({"orders", 0}).committed.error().code == Code::kForbidden);
  CHECK(group.offsets.at({"orders", 0}).end == 0);
}

TEST_CASE("when nothing at all can be read the whole read fails and says why") {
  // Port 9 (discard) on loopback: refused at once.
  Reader reader("127.0.0.1:9", {{"orders", {1}}});
  const auto began = SystemClock{}.now();
  const auto sample = reader.try_read(plan_of("billing", {"orders"}), 900ms);
  CHECK(SystemClock{}.now() - began < 1400ms);
  REQUIRE_FALSE(sample);
  CHECK(sample.error().code == Code::kUnavailable);
  CHECK(sample.error().what.starts_with("cannot reach 127.0.0.1:9: "));
}

TEST_CASE("a stop ends a read that waits for a silent broker") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  Reader reader(kafka.bootstrap(), {{"orders", {1}}});
  reader.read(plan_of("billing", {"orders"}));
  rd_kafka_mock_broker_set_rtt(kafka.get(), 1, 60'000);

  std::stop_source stop;
  const auto began = SystemClock{}.now();
  const std::jthread stopper([&] { stop.request_stop(); });
  const auto sample = reader.try_read(plan_of("billing", {"orders"}), 30s, stop.get_token());
  CHECK(SystemClock{}.now() - began < 5s);
  REQUIRE_FALSE(sample);
  CHECK(sample.error().code == Code::kCancelled);
  rd_kafka_mock_broker_set_rtt(kafka.get(), 1, 0);
}

TEST_CASE("a plan without groups is an empty sample") {
  Reader reader("127.0.0.1:9", {{"orders", {1}}});
  const auto sample = reader.try_read({}, 1s);
  REQUIRE(sample);
  CHECK(sample->groups.empty());
}
