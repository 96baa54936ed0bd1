// Against a real cluster: runs only when PENSTOCK_TEST_BOOTSTRAP names one (plain text, with an
// authorizer that lets this client do everything); else these cases are counted as skipped. They make topics, groups
// and ACLs of their own names and delete the topics and ACLs again.
#include <penstock/kafka/cluster.hpp>
#include <penstock/kafka/offset_reader.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include <doctest/doctest.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

using namespace penstock;
using namespace penstock::kafka;

namespace {

constexpr Duration kTimeout = 15s;
constexpr const char* kMissing = "penstock-test.none";

const char* bootstrap() {
  return std::getenv("PENSTOCK_TEST_BOOTSTRAP");
}

Connection connection() {
  Connection to;
  to.bootstrap_servers = bootstrap();
  return to;
}

std::string unique(const std::string& name) {
  static int count = 0;
  return "penstock-test." + name + "." + std::to_string(getpid()) + "." + std::to_string(++count);
}

template <class T>
std::optional<Code> code(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

// A broker learns of what the controller has done a moment after the controller's answer, and each at its own time.
bool eventually(const std::function<bool()>& holds) {
  const SystemClock clock;
  const auto deadline = Deadline::in(clock, kTimeout);
  while (!holds())
    if (deadline.passed(clock)) return false;
  return true;
}

struct Live {
  Live() {
    auto opened = open_cluster(connection(), "penstock-test");
    REQUIRE(opened);
    cluster = std::move(*opened);
  }
  ~Live() { (void)cluster->delete_topics(made, kTimeout); }

  std::string topic(int partitions, std::map<std::string, std::string> config = {}) {
    const std::string name = unique("topic");
    make(name, partitions, std::move(config));
    return name;
  }
  void make(const std::string& name, int partitions, std::map<std::string, std::string> config = {}) {
    const auto created = cluster->create_topics(
        {{.name = name, .partitions = partitions, .replication_factor = -1, .config = std::move(config)}}, kTimeout);
    REQUIRE(created);
    REQUIRE(created->at(name));
    made.push_back(name);
    REQUIRE(eventually([&] { return try_look(name).has_value(); }));
  }
  Result<TopicInfo> try_look(const std::string& name) {
    const auto found = cluster->topics({name}, kTimeout);
    REQUIRE(found);
    return found->at(name);
  }
  TopicInfo look(const std::string& name) {
    Result<TopicInfo> found = std::unexpected(kNotRead);
    REQUIRE(eventually([&] {
      found = try_look(name);
      return found.has_value();
    }));
    return *found;
  }
  std::vector<std::string> active(const std::string& topic) {
    const auto groups = cluster->active_groups_of(topic, kTimeout);
    if (!groups) MESSAGE(groups.error().to_string());
    REQUIRE(groups);
    return *groups;
  }

  std::unique_ptr<Cluster> cluster;
  std::vector<std::string> made;
};

struct Client {
  Client(rd_kafka_type_t type, const std::map<std::string, std::string>& settings) {
    auto* config = rd_kafka_conf_new();
    char words[256];
    REQUIRE(rd_kafka_conf_set(config, "bootstrap.servers", bootstrap(), words, sizeof words) == RD_KAFKA_CONF_OK);
    for (const auto& [name, value] : settings)
      REQUIRE(rd_kafka_conf_set(config, name.c_str(), value.c_str(), words, sizeof words) == RD_KAFKA_CONF_OK);
    rd_kafka_conf_set_log_cb(config, nullptr);
    rk = rd_kafka_new(type, config, words, sizeof words);
    REQUIRE(rk);
  }
  ~Client() { rd_kafka_destroy(rk); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  rd_kafka_t* rk;
};

void produce(const std::string& topic, int partition, int records) {
  const Client producer(RD_KAFKA_PRODUCER, {});
  char text[] = "record";
  for (int i = 0; i < records; ++i)
    REQUIRE(rd_kafka_producev(producer.rk, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                              RD_KAFKA_V_VALUE(text, sizeof text), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);
  REQUIRE(rd_kafka_flush(producer.rk, 15'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

// A member that consumes `records` records of partition 0 and commits them; it stays in the group.
struct Member {
  Member(const std::string& group, const std::string& topic, const std::string& protocol, int records)
      : client(RD_KAFKA_CONSUMER, {{"group.id", group},
                                   {"group.protocol", protocol},
                                   {"auto.offset.reset", "earliest"},
                                   {"enable.auto.commit", "false"}}) {
    auto* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
    REQUIRE(rd_kafka_subscribe(client.rk, topics) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(topics);
    int got = 0;
    for (int polls = 0; got < records && polls < 300; ++polls) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(client.rk, 100);
      if (!message) continue;
      if (!message->err && ++got == records)
        REQUIRE(rd_kafka_commit_message(client.rk, message, 0) == RD_KAFKA_RESP_ERR_NO_ERROR);
      rd_kafka_message_destroy(message);
    }
    REQUIRE(got == records);
  }
  void leave() { REQUIRE(rd_kafka_consumer_close(client.rk) == RD_KAFKA_RESP_ERR_NO_ERROR); }
  Client client;
};

struct TestReader {
  TestReader() {
    auto opened = open_offset_reader(connection(), "penstock-test", clock);
    REQUIRE(opened);
    reader = std::move(*opened);
  }
  // Without topics: those that the group has committed to. Topics that were just made are waited for.
  Sample read(const std::string& group, const std::set<std::string>& topics, bool stable = false) {
    Sample sample;
    CHECK(eventually([&] {
      sample = read_once(group, topics, stable);
      return std::ranges::all_of(
          topics, [&](const std::string& topic) { return topic == kMissing || settled(sample.topics.at(topic)); });
    }));
    return sample;
  }
  Sample read_once(const std::string& group, std::set<std::string> topics, bool stable = false) {
    clock.advance(1s);
    const bool committed_topics = topics.empty();
    auto sample = reader->read({.groups = {{.id = group,
                                            .topics = std::move(topics),
                                            .committed_topics = committed_topics,
                                            .ends = !stable,
                                            .stable_ends = stable}},
                                .probes = {},
                                .doubtful = {}},
                               kTimeout, {});
    if (!sample) MESSAGE(sample.error().to_string());
    REQUIRE(sample);
    return std::move(*sample);
  }
  static bool settled(const Result<TopicSample>& topic) {
    return topic && std::ranges::all_of(topic->ends, &Reading::known) &&
           std::ranges::all_of(topic->stable_ends, &Reading::known);
  }
  ManualClock clock;
  std::unique_ptr<OffsetReader> reader;
};

// The value of a reading that must be known.
std::int64_t known(const Reading& reading) {
  if (!reading.known()) MESSAGE(reading.error->to_string());
  REQUIRE(reading.known());
  return reading.value;
}

const ConfigEntry& entry(const std::vector<ConfigEntry>& entries, const std::string& name) {
  const auto found = std::ranges::find(entries, name, &ConfigEntry::name);
  REQUIRE(found != entries.end());
  return *found;
}

}  // namespace

TEST_SUITE_BEGIN("live" * doctest::skip(bootstrap() == nullptr));

TEST_CASE("a cluster describes itself") {
  Live live;
  const auto info = live.cluster->describe(kTimeout);
  REQUIRE(info);
  CHECK(info->cluster_id.size() == 22);
  CHECK(info->controller_id >= 0);
  REQUIRE_FALSE(info->brokers.empty());
  CHECK(info->brokers.front().port > 0);
}

TEST_CASE("a topic is made, seen, grown, and deleted, and one of the same name is another") {
  Live live;
  const std::string name = live.topic(3);
  const TopicInfo first = live.look(name);
  CHECK(first.name == name);
  CHECK(first.topic_id.size() == 22);
  CHECK(first.topic_id.find_first_of("+/=") == std::string::npos);
  REQUIRE(first.partitions.size() == 3);
  CHECK(first.partitions[2].id == 2);
  CHECK(first.partitions[2].leader >= 0);
  CHECK(first.partitions[2].in_sync_replicas == first.partitions[2].replicas);

  CHECK(code(live.cluster
                 ->create_topics({{.name = name, .partitions = 1, .replication_factor = -1, .config = {}}}, kTimeout)
                 ->at(name)) == Code::kAlreadyExists);
  CHECK(live.cluster->grow_partitions({{name, 5}}, kTimeout)->at(name));
  CHECK(eventually([&] { return live.look(name).partitions.size() == 5; }));
  CHECK(code(live.cluster->grow_partitions({{name, 4}}, kTimeout)->at(name)) == Code::kInvalid);

  CHECK(live.cluster->delete_topics({name}, kTimeout)->at(name));
  CHECK(eventually([&] { return code(live.try_look(name)) == Code::kNotFound; }));
  CHECK(code(live.cluster->delete_topics({name}, kTimeout)->at(name)) == Code::kNotFound);
  live.make(name, 2);
  CHECK(eventually([&] { return live.look(name).topic_id != first.topic_id; }));
}

TEST_CASE("in a batch each topic has its own outcome, in the broker's words") {
  Live live;
  const std::string good = unique("good"), bad_config = unique("bad"), greedy = unique("greedy");
  live.made.push_back(good);
  const auto created = live.cluster->create_topics(
      {{.name = good, .partitions = 1, .replication_factor = -1, .config = {{"retention.ms", "60000"}}},
       {.name = bad_config, .partitions = 1, .replication_factor = -1, .config = {{"retention.ms", "soon"}}},
       {.name = greedy, .partitions = 1, .replication_factor = 99, .config = {}},
       {.name = "not a name", .partitions = 1, .replication_factor = -1, .config = {}}},
      kTimeout);
  REQUIRE(created);
  CHECK(created->size() == 4);
  CHECK(created->at(good));
  CHECK(code(created->at(bad_config)) == Code::kInvalid);
  CHECK(created->at(bad_config).error().what.find("retention.ms") != std::string::npos);
  CHECK(code(created->at(greedy)) == Code::kInvalid);
  CHECK(code(created->at("not a name")) == Code::kInvalid);
  CHECK(eventually([&] {
    const auto looked = live.cluster->topics({good, greedy, "not a name"}, kTimeout);
    REQUIRE(looked);
    CHECK(code(looked->at(greedy)) == Code::kNotFound);
    CHECK(code(looked->at("not a name")) == Code::kInvalid);
    return looked->at(good).has_value();
  }));
}

TEST_CASE("a change of configuration leaves other keys as they are") {
  Live live;
  const std::string name = live.topic(1, {{"retention.ms", "60000"}, {"segment.bytes", "1048576"}});
  const auto altered = live.cluster->alter_topic_configs(
      {{.topic = name, .set = {{"cleanup.policy", "compact"}}, .unset = {"retention.ms"}},
       {.topic = kMissing, .set = {{"cleanup.policy", "compact"}}, .unset = {}}},
      kTimeout);
  REQUIRE(altered);
  CHECK(altered->at(name));
  CHECK(code(altered->at(kMissing)) == Code::kNotFound);
  std::vector<ConfigEntry> entries;
  CHECK(eventually([&] {
    const auto configs = live.cluster->topic_configs({name, kMissing}, kTimeout);
    REQUIRE(configs);
    CHECK(code(configs->at(kMissing)) == Code::kNotFound);
    const auto& found = configs->at(name);
    if (found) entries = *found;
    return found && entry(entries, "cleanup.policy").source == ConfigEntry::Source::kTopic;
  }));
  CHECK(entry(entries, "cleanup.policy").value == "compact");
  CHECK(entry(entries, "segment.bytes").value == "1048576");
  CHECK(entry(entries, "segment.bytes").source == ConfigEntry::Source::kTopic);
  CHECK(entry(entries, "retention.ms").source != ConfigEntry::Source::kTopic);
  CHECK(code(live.cluster->alter_topic_configs({{.topic = name, .set = {{"no.such.key", "1"}}, .unset = {}}}, kTimeout)
                 ->at(name)) == Code::kInvalid);
}

TEST_CASE("an ACL comes and goes without touching its neighbours") {
  Live live;
  const std::string name = unique("acl");
  AclBinding one{.name = name, .principal = "User:CN=billing, O=Example", .operation = Operation::kRead};
  AclBinding prefixed = one, other_host = one, group = one, cluster = one;
  prefixed.pattern = PatternType::kPrefixed;
  other_host.host = "10.0.0.1";
  group.resource = ResourceType::kGroup;
  cluster.resource = ResourceType::kCluster;
  cluster.name = "kafka-cluster";
  cluster.operation = Operation::kIdempotentWrite;
  const std::vector<AclBinding> all{one, prefixed, other_host, group, cluster};
  for (int times = 0; times < 2; ++times) {
    const auto created = live.cluster->create_acls(all, kTimeout);
    REQUIRE(created);
    CHECK(created->size() == all.size());
    for (const AclBinding& binding : all) CHECK(created->at(binding.to_string()));
  }
  const auto listed = [&] {
    auto found = live.cluster->acls("", kTimeout);
    REQUIRE(found);
    std::erase_if(*found, [&](const AclBinding& acl) { return std::ranges::find(all, acl) == all.end(); });
    std::ranges::sort(*found);
    return *found;
  };
  auto expected = all;
  std::ranges::sort(expected);
  CHECK(eventually([&] { return listed() == expected; }));

  CHECK(live.cluster->delete_acls({one}, kTimeout)->at(one.to_string()));
  std::erase(expected, one);
  CHECK(eventually([&] { return listed() == expected; }));
  CHECK(live.cluster->delete_acls(all, kTimeout)->at(one.to_string()));
  CHECK(eventually([&] { return listed().empty(); }));

  AclBinding wild = one;
  wild.principal = "";
  CHECK(code(live.cluster->delete_acls({wild}, kTimeout)->at(wild.to_string())) == Code::kInvalid);
}

TEST_CASE("a classic group is read with its commits, members and assignment") {
  Live live;
  const std::string topic = live.topic(2), idle = live.topic(1), group = unique("classic");
  produce(topic, 0, 10);
  Member member(group, topic, "classic", 4);
  TestReader reading;
  const Sample sample = reading.read(group, {topic});
  const GroupSample& its = sample.groups.at(group);
  REQUIRE(its.info);
  CHECK(its.info->type == "Classic");
  CHECK(its.info->state == "Stable");
  CHECK(its.info->members == 1);
  CHECK_FALSE(its.info->assignor.empty());
  REQUIRE(its.info->assigned);
  CHECK(*its.info->assigned == Assignment{{topic, {0, 1}}});
  const TopicSample& read = sample.topics.at(topic).value();
  CHECK(read.id == live.look(topic).topic_id);
  REQUIRE(read.ends.size() == 2);
  CHECK(known(read.ends[0]) == 10);
  CHECK(known(read.starts.at(0)) == 0);
  REQUIRE(its.committed.at(topic).size() == 2);
  CHECK(known(its.committed.at(topic)[0]) == 4);
  CHECK(known(its.committed.at(topic)[1]) == kNoCommit);
  CHECK(live.active(topic) == std::vector{group});
  CHECK(live.active(idle).empty());

  member.leave();
  const Sample left = reading.read(group, {});
  CHECK(left.groups.at(group).info->state == "Empty");
  CHECK(left.groups.at(group).info->members == 0);
  CHECK(known(left.groups.at(group).committed.at(topic).at(0)) == 4);
  CHECK(known(left.topics.at(topic)->ends.at(0)) == 10);
  CHECK(live.active(topic).empty());
}

TEST_CASE("a KIP-848 group is read with its commits and guards its topic") {
  Live live;
  const std::string topic = live.topic(2), idle = live.topic(1), group = unique("modern");
  produce(topic, 0, 10);
  Member member(group, topic, "consumer", 4);
  TestReader reading;
  const Sample sample = reading.read(group, {topic}, true);
  const GroupSample& its = sample.groups.at(group);
  REQUIRE(its.info);
  CHECK(its.info->type == "Consumer");
  CHECK(its.info->state == "Stable");
  CHECK(its.info->members == 1);
  CHECK_FALSE(its.info->assignor.empty());
  REQUIRE(its.info->assigned);
  CHECK(*its.info->assigned == Assignment{{topic, {0, 1}}});
  CHECK(known(sample.topics.at(topic)->stable_ends.at(0)) == 10);
  CHECK(known(its.committed.at(topic).at(0)) == 4);
  CHECK(live.active(topic) == std::vector{group});
  CHECK(live.active(idle).empty());
  member.leave();
  CHECK(reading.read(group, {topic}, true).groups.at(group).info->state == "Empty");
  CHECK(live.active(topic).empty());
}

TEST_CASE("a group that never was is dead, and a missing topic is an error of its own") {
  Live live;
  const std::string topic = live.topic(1);
  TestReader reading;
  const std::string group = unique("nobody");
  const Sample sample = reading.read(group, {topic, kMissing});
  const GroupSample& its = sample.groups.at(group);
  REQUIRE(its.info);
  CHECK(its.info->state == "Dead");
  CHECK(its.info->members == 0);
  CHECK(sample.topics.at(topic)->ends.size() == 1);
  CHECK(code(sample.topics.at(kMissing)) == Code::kNotFound);
  CHECK(its.commits);
  for (const auto& [name, readings] : its.committed)
    for (const Reading& commit : readings) CHECK(known(commit) == kNoCommit);
}

TEST_CASE("every partition of a topic is read, in whatever order brokers answer") {
  Live live;
  const std::string topic = live.topic(40);
  produce(topic, 17, 3);
  TestReader reading;
  const Sample sample = reading.read(unique("nobody"), {topic});
  const TopicSample& read = sample.topics.at(topic).value();
  REQUIRE(read.ends.size() == 40);
  REQUIRE(read.starts.size() == 40);
  for (std::size_t p = 0; p < 40; ++p) {
    CHECK(known(read.ends[p]) == (p == 17 ? 3 : 0));
    CHECK(known(read.starts[p]) == 0);
  }
}

TEST_CASE("a reader sees that partitions were added and that a topic was made anew") {
  Live live;
  const std::string topic = live.topic(1);
  produce(topic, 0, 3);
  TestReader reading;
  const std::string group = unique("nobody");
  CHECK(known(reading.read(group, {topic}).topics.at(topic)->ends.at(0)) == 3);
  REQUIRE(live.cluster->grow_partitions({{topic, 4}}, kTimeout)->at(topic));
  const auto look = [&] { return std::move(reading.read_once(group, {topic}).topics.at(topic)); };
  std::string id;
  REQUIRE(eventually([&] {
    const auto grown = look();
    if (grown) id = grown->id;
    return grown && grown->ends.size() == 4 && grown->starts.size() == 4;
  }));

  REQUIRE(live.cluster->delete_topics({topic}, kTimeout)->at(topic));
  CHECK(eventually([&] { return code(look()) == Code::kNotFound; }));
  live.make(topic, 2);
  CHECK(eventually([&] {
    const auto made = look();
    return made && made->ends.size() == 2 && made->ends[0].known() && made->ends[0].value == 0 && made->id != id;
  }));
}

TEST_CASE("a topic that is made anew again and again harms nobody") {
  Live live;
  const SystemClock clock;
  auto reader = open_offset_reader(connection(), "penstock-test", clock);
  REQUIRE(reader);
  const std::string name = live.topic(1), group = unique("nobody");
  for (int times = 0; times < 6; ++times) {
    const std::string id = live.look(name).topic_id;
    auto tick = clock.now();
    CHECK(eventually([&] {
      tick = clock.now();
      const auto sample = (*reader)->read(
          {.groups = {{.id = group, .topics = {name}, .ends = true}}, .probes = {}, .doubtful = {}}, kTimeout, {});
      REQUIRE(sample);
      const auto& read = sample->topics.at(name);
      return read && read->ends.at(0).known() && read->ends.at(0).value == 0;
    }));
    CHECK(id.find_first_of("+/=") == std::string::npos);
    REQUIRE(live.cluster->delete_topics({name}, kTimeout)->at(name));
    REQUIRE(
        live.cluster->create_topics({{.name = name, .partitions = 1, .replication_factor = -1, .config = {}}}, kTimeout)
            ->at(name));
    // The next tick is a second later.
    CHECK(eventually([&] {
      const auto found = live.try_look(name);
      return found && found->topic_id != id && clock.now() - tick >= 1s;
    }));
  }
}

TEST_SUITE_END();
