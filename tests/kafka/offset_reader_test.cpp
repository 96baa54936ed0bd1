#include "mock_kafka.hpp"

#include <penstock/kafka/offset_reader.hpp>

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

// The mock knows no DescribeGroups and no ListGroups: what groups are is not read here.
struct Reader {
  explicit Reader(const std::string& bootstrap) {
    Connection connection;
    connection.bootstrap_servers = bootstrap;
    auto opened = open_offset_reader(connection, "test-scaler", clock);
    REQUIRE(opened);
    reader = std::move(*opened);
  }
  Result<Sample> try_read(const SamplePlan& plan, Duration timeout, std::stop_token stop = {}) {
    return reader->read(plan, timeout, std::move(stop));
  }
  Sample read(const SamplePlan& plan, Duration timeout = kTimeout) {
    auto sample = try_read(plan, timeout);
    if (!sample) MESSAGE(sample.error().to_string());
    REQUIRE(sample);
    return *std::move(sample);
  }

  SystemClock clock;
  std::unique_ptr<OffsetReader> reader;
};

SamplePlan plan_of(const std::string& group, std::set<std::string> topics) {
  return {.groups = {{.id = group, .topics = std::move(topics), .ends = true}}, .probes = {}, .doubtful = {}};
}

// What a sample says of one partition, for one group.
struct Seen {
  Reading end, start, committed;
};
Seen seen(const Sample& sample, const std::string& group, int partition, const std::string& topic = "orders") {
  const auto index = static_cast<std::size_t>(partition);
  const TopicSample& of = sample.topics.at(topic).value();
  const GroupSample& its = sample.groups.at(group);
  Seen result{of.ends.at(index), of.starts.at(index), Reading::of(kNoCommit)};
  if (const auto found = its.committed.find(topic); found != its.committed.end() && index < found->second.size())
    result.committed = found->second[index];
  return result;
}
bool is(const Reading& reading, std::int64_t value) {
  return reading.known() && reading.value == value;
}

}  // namespace

TEST_CASE("a tick reads ends and starts, and a partition without a commit is not an error") {
  MockKafka kafka(3);
  kafka.create_topic("orders", {1, 2, 3});
  kafka.produce("orders", 0, 5);
  kafka.produce("orders", 2, 2);

  Reader reader(kafka.bootstrap());
  const Sample sample = reader.read(plan_of("billing", {"orders"}));
  REQUIRE(sample.groups.contains("billing"));
  REQUIRE(sample.topics.at("orders"));
  CHECK(sample.topics.at("orders")->ends.size() == 3);
  CHECK(sample.topics.at("orders")->starts.size() == 3);
  CHECK(sample.topics.at("orders")->stable_ends.empty());
  CHECK(sample.groups.at("billing").commits);
  CHECK(is(seen(sample, "billing", 0).end, 5));
  CHECK(is(seen(sample, "billing", 0).start, 0));
  CHECK(is(seen(sample, "billing", 1).end, 0));
  CHECK(is(seen(sample, "billing", 1).committed, kNoCommit));
  CHECK(is(seen(sample, "billing", 2).end, 2));
  CHECK(reader.clock.now() - sample.taken < kTimeout);
  CHECK(reader.clock.wall() - sample.wall < kTimeout);
}

TEST_CASE("both isolations are read in one tick") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  kafka.produce("orders", 0, 4);
  Reader reader(kafka.bootstrap());
  const Sample sample = reader.read({.groups = {{.id = "plain", .topics = {"orders"}, .ends = true},
                                                {.id = "exact", .topics = {"orders"}, .stable_ends = true}},
                                     .probes = {},
                                     .doubtful = {}});
  const TopicSample& topic = sample.topics.at("orders").value();
  CHECK(is(topic.ends.at(0), 4));
  CHECK(is(topic.stable_ends.at(0), 4));
}

TEST_CASE("a topic that does not exist is an error of its own, not an empty sum") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  kafka.produce("orders", 0, 1);
  Reader reader(kafka.bootstrap());
  const Sample sample = reader.read(plan_of("billing", {"orders", "missing"}));
  REQUIRE_FALSE(sample.topics.at("missing"));
  CHECK(sample.topics.at("missing").error().code == Code::kNotFound);
  CHECK(sample.topics.size() == 2);
  CHECK(sample.topics.at("orders")->ends.size() == 1);
  CHECK(is(seen(sample, "billing", 0).end, 1));
}

TEST_CASE("a partition whose leader moved is read from the new one within the tick") {
  MockKafka kafka(3);
  kafka.create_topic("orders", {1, 2, 3});
  kafka.produce("orders", 1, 2);
  Reader reader(kafka.bootstrap());
  reader.read(plan_of("billing", {"orders"}));
  rd_kafka_mock_partition_set_leader(kafka.get(), "orders", 1, 3);
  CHECK(is(seen(reader.read(plan_of("billing", {"orders"})), "billing", 1).end, 2));
}

TEST_CASE("a partition whose leader refuses fails alone, and the next tick finds it again") {
  MockKafka kafka(3);
  kafka.create_topic("orders", {1, 2, 3});
  kafka.produce("orders", 0, 1);
  kafka.produce("orders", 1, 2);
  Reader reader(kafka.bootstrap());
  reader.read(plan_of("billing", {"orders"}));

  // The second one answers the second attempt of the same tick.
  for (int times = 0; times < 2; ++times)
    REQUIRE(rd_kafka_mock_broker_push_request_error_rtts(kafka.get(), 2, test::kListOffsets, 1,
                                                         RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                                         0) == RD_KAFKA_RESP_ERR_NO_ERROR);
  const Sample hurt = reader.read(plan_of("billing", {"orders"}));
  REQUIRE_FALSE(seen(hurt, "billing", 1).end.known());
  CHECK(seen(hurt, "billing", 1).end.error->code == Code::kUnavailable);
  CHECK(is(seen(hurt, "billing", 0).end, 1));
  CHECK(is(seen(hurt, "billing", 2).end, 0));

  CHECK(is(seen(reader.read(plan_of("billing", {"orders"})), "billing", 1).end, 2));
}

TEST_CASE("a broker that is down takes only its partitions along, within the time limit, and comes back") {
  MockKafka kafka(2);
  kafka.create_topic("orders", {1, 2});
  kafka.produce("orders", 0, 1);
  kafka.produce("orders", 1, 2);
  kafka.coordinate("billing", 1);
  Reader reader(kafka.bootstrap());
  reader.read(plan_of("billing", {"orders"}));

  rd_kafka_mock_broker_set_down(kafka.get(), 2);
  const auto began = SystemClock{}.now();
  const Sample hurt = reader.read(plan_of("billing", {"orders"}), kShort);
  CHECK(SystemClock{}.now() - began < kShort + 500ms);
  CHECK(is(seen(hurt, "billing", 0).end, 1));
  CHECK(is(seen(hurt, "billing", 0).committed, kNoCommit));
  CHECK(hurt.groups.at("billing").commits);
  CHECK_FALSE(seen(hurt, "billing", 1).end.known());

  rd_kafka_mock_broker_set_up(kafka.get(), 2);
  const auto up = SystemClock{}.now();
  while (!seen(reader.read(plan_of("billing", {"orders"}), kShort), "billing", 1).end.known())
    REQUIRE(SystemClock{}.now() - up < kTimeout);
  CHECK(is(seen(reader.read(plan_of("billing", {"orders"})), "billing", 1).end, 2));
}

TEST_CASE("a group whose coordinator can't be asked fails alone") {
  MockKafka kafka(2);
  kafka.create_topic("orders", {1});
  kafka.produce("orders", 0, 3);
  kafka.coordinate("good", 1);
  kafka.coordinate("bad", 2);
  Reader reader(kafka.bootstrap());
  const SamplePlan plan{
      .groups = {{.id = "good", .topics = {"orders"}, .ends = true}, {.id = "bad", .topics = {"orders"}, .ends = true}},
      .probes = {},
      .doubtful = {}};
  rd_kafka_mock_broker_set_down(kafka.get(), 2);
  const Sample sample = reader.read(plan, kShort);
  CHECK(sample.groups.at("good").commits);
  CHECK_FALSE(sample.groups.at("bad").commits);
  CHECK(is(seen(sample, "bad", 0).end, 3));
}

TEST_CASE("a group whose coordinator moved is read from the new one within the tick") {
  MockKafka kafka(2);
  kafka.create_topic("orders", {1});
  kafka.coordinate("billing", 1);
  Reader reader(kafka.bootstrap());
  reader.read(plan_of("billing", {"orders"}));

  kafka.coordinate("billing", 2);
  const Sample moved = reader.read(plan_of("billing", {"orders"}));
  CHECK(moved.groups.at("billing").commits);
}

TEST_CASE("a group that nobody wants to coordinate is an error of that group") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  Reader reader(kafka.bootstrap());
  reader.read(plan_of("billing", {"orders"}));

  rd_kafka_mock_push_request_errors(kafka.get(), test::kOffsetFetch, 2, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                    RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  const Sample lost = reader.read(plan_of("billing", {"orders"}));
  REQUIRE_FALSE(lost.groups.at("billing").commits);
  CHECK(lost.groups.at("billing").commits.error().code == Code::kUnavailable);
  CHECK(is(seen(lost, "billing", 0).end, 0));
  CHECK(reader.read(plan_of("billing", {"orders"})).groups.at("billing").commits);
}

TEST_CASE("a group that may not be read is forbidden, alone") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  Reader reader(kafka.bootstrap());
  rd_kafka_mock_push_request_errors(kafka.get(), test::kOffsetFetch, 1, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  const Sample sample = reader.read(plan_of("billing", {"orders"}));
  REQUIRE_FALSE(sample.groups.at("billing").commits);
  CHECK(sample.groups.at("billing").commits.error().code == Code::kForbidden);
  CHECK(is(seen(sample, "billing", 0).end, 0));
}

TEST_CASE("when nothing at all can be read the whole read fails and says why") {
  // Port 9 (discard) on loopback: refused at once.
  Reader reader("127.0.0.1:9");
  const auto began = SystemClock{}.now();
  const auto sample = reader.try_read(plan_of("billing", {"orders"}), 900ms);
  CHECK(SystemClock{}.now() - began < 1400ms);
  REQUIRE_FALSE(sample);
  CHECK(sample.error().code == Code::kUnavailable);
  CHECK(sample.error().what.starts_with("no broker can be reached: bootstrap server 127.0.0.1:9: "));
}

TEST_CASE("a stop ends a read that waits for a silent broker") {
  MockKafka kafka(1);
  kafka.create_topic("orders", {1});
  Reader reader(kafka.bootstrap());
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
  Reader reader("127.0.0.1:9");
  const auto sample = reader.try_read({}, 1s);
  REQUIRE(sample);
  CHECK(sample->groups.empty());
}
