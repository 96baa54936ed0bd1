#include "net_fake_broker.hpp"

#include <limits>
#include <map>

#include <wire/messages/all.hpp>
#include <wire/messages/error_code.hpp>
#include <wire/reader/tick.hpp>

using namespace penstock;
using namespace penstock::kafka;
using namespace penstock::kafka::wire;

namespace {

// How many partitions of a topic a request is about, from 0 on.
std::size_t asked_of(const OffsetFetchRequest::Group& group, const std::string& topic) {
  if (!group.topics) return std::numeric_limits<std::size_t>::max();
  for (const auto& one : *group.topics)
    if (one.name == topic) return one.partition_indexes.size();
  return 0;
}

// As a consumer's leader hands it to a member.
Bytes orders_assignment(const std::vector<std::int32_t>& partitions) {
  std::string bytes{"\0\0\0\0\0\1\0\6orders\0\0\0", 17};
  bytes += static_cast<char>(partitions.size());
  for (const std::int32_t partition : partitions) bytes += std::string{"\0\0\0", 3} + static_cast<char>(partition);
  return {bytes + "\xff\xff\xff\xff"};
}

// A cluster of one broker that knows what a reader asks for.
struct Cluster {
  struct Group {
    std::string type = "Classic";
    std::map<std::string, std::vector<std::int64_t>> commits;  // of a share group: start offsets
    std::int64_t lag = -1;                                     // as a share group's coordinator says it
    std::vector<std::int32_t> assigned;                        // partitions of "orders" that its first member has
  };
  std::map<std::string, std::vector<std::int64_t>> ends, starts;  // by topic and partition; a start is 0 else
  std::map<std::string, std::uint8_t> ids;                        // the first byte of a topic's
  std::map<std::string, Group> groups;
  bool trails = false;  // its coordinator has just taken over: commits look like none unless stable ones are waited for
  bool coordinator_fails = false;
  std::vector<bool> stable_asked;                        // require_stable of each group that was asked about
  bool backwards = false;                                // answers its partitions from the last to the first
  std::optional<std::pair<std::string, int>> forgotten;  // a partition that its answers leave out

  asio::io_context io;
  ManualClock clock;
  FakeBroker broker{io};
  std::map<std::string, int> asked;  // how often each kind of request

  Cluster() {
    broker.script_versions = [](const std::string& frame) -> FakeBroker::Reply {
      ApiVersionsResponse response;
      response.api_keys = {{2, 0, 9},  {3, 0, 12}, {9, 0, 9},  {10, 0, 4}, {15, 0, 5},
                           {16, 0, 5}, {18, 0, 4}, {69, 0, 1}, {77, 1, 1}, {90, 0, 1}};
      const auto header = read_header(frame);
      return encode_response(response, header.version, header.correlation);
    };
    broker.script = [this](const std::string& frame) { return answer(frame); };
    Connection connection;
    connection.bootstrap_servers = broker.address();
    client = std::make_unique<Client>(io, connection, "tests", clock);
  }

  Sample read(const SamplePlan& plan) {
    asked.clear();
    auto sample = Tick(io, *client, memory, plan, clock, 10s, {}).run();
    if (!sample) MESSAGE(sample.error().to_string());
    REQUIRE(sample);
    clock.advance(1s);
    return *std::move(sample);
  }

  std::unique_ptr<Client> client;
  Tick::Memory memory;

 private:
  template <class Request, class Fill>
  FakeBroker::Reply reply(const std::string& frame, Fill fill) {
    const auto header = read_header(frame);
    const auto request = decode_request<Request>(frame);
    REQUIRE(request);
    ++asked[Request::kApi.name];
    typename Request::Response response;
    fill(*request, response);
    return encode_response(response, header.version, header.correlation);
  }

  FakeBroker::Reply answer(const std::string& frame) {
    switch (read_header(frame).key) {
      case MetadataRequest::kApi.key:
        return reply<MetadataRequest>(frame, [this](const MetadataRequest& request, MetadataResponse& response) {
          response.brokers.push_back({.node_id = 1, .host = "127.0.0.1", .port = broker.port(), .rack = {}});
          for (const auto& topic : *request.topics) {
            auto& one = response.topics.emplace_back();
            one.name = topic.name;
            if (!ends.contains(*topic.name)) {
              one.error_code = static_cast<std::int16_t>(ErrorCode::kUnknownTopicOrPartition);
              continue;
            }
            one.topic_id.data[0] = ids[*topic.name];
            for (std::size_t p = 0; p < ends[*topic.name].size(); ++p) {
              auto& partition = one.partitions.emplace_back();
              partition.partition_index = static_cast<std::int32_t>(p);
              partition.leader_id = 1;
            }
          }
        });
      case FindCoordinatorRequest::kApi.key:
        return reply<FindCoordinatorRequest>(frame, [](const auto& request, FindCoordinatorResponse& response) {
          for (const auto& key : request.coordinator_keys) {
            auto& one = response.coordinators.emplace_back();
            one.key = key;
            one.node_id = 1;
          }
        });
      case ListGroupsRequest::kApi.key:
        return reply<ListGroupsRequest>(frame, [this](const auto&, ListGroupsResponse& response) {
          for (const auto& [id, group] : groups) response.groups.push_back({id, "consumer", "Stable", group.type});
        });
      case DescribeGroupsRequest::kApi.key:
        return reply<DescribeGroupsRequest>(frame, [this](const auto& request, DescribeGroupsResponse& response) {
          for (const auto& id : request.groups) {
            auto& one = response.groups.emplace_back();
            one.group_id = id;
            one.group_state = "Stable";
            one.protocol_type = "consumer";
            one.protocol_data = "range";
            one.members.resize(3);
            one.members[0].member_assignment = orders_assignment(groups[id].assigned);
          }
        });
      case ShareGroupDescribeRequest::kApi.key:
        return reply<ShareGroupDescribeRequest>(frame, [](const auto& request, ShareGroupDescribeResponse& response) {
          for (const auto& id : request.group_ids) {
            auto& one = response.groups.emplace_back();
            one.group_id = id;
            one.group_state = "Stable";
            one.members.resize(20);
          }
        });
      case OffsetFetchRequest::kApi.key:
        return reply<OffsetFetchRequest>(frame, [this](const auto& request, OffsetFetchResponse& response) {
          for (const auto& group : request.groups) {
            auto& one = response.groups.emplace_back();
            one.group_id = group.group_id;
            if (coordinator_fails) {
              one.error_code = static_cast<std::int16_t>(ErrorCode::kCoordinatorLoadInProgress);
              continue;
            }
            stable_asked.push_back(request.require_stable);
            if (trails && !request.require_stable) continue;
            for (const auto& [name, offsets] : groups[group.group_id].commits) {
              auto& topic = one.topics.emplace_back();
              topic.name = name;
              for (std::size_t p = 0; p < std::min(offsets.size(), asked_of(group, name)); ++p)
                topic.partitions.push_back({static_cast<std::int32_t>(p), offsets[p], -1, "", 0});
            }
          }
        });
      case DescribeShareGroupOffsetsRequest::kApi.key:
        return reply<DescribeShareGroupOffsetsRequest>(
            frame, [this](const auto& request, DescribeShareGroupOffsetsResponse& response) {
              for (const auto& group : request.groups) {
                auto& one = response.groups.emplace_back();
                one.group_id = group.group_id;
                for (const auto& [name, offsets] : groups[group.group_id].commits) {
                  auto& topic = one.topics.emplace_back();
                  topic.topic_name = name;
                  for (std::size_t p = 0; p < offsets.size(); ++p)
                    topic.partitions.push_back(
                        {static_cast<std::int32_t>(p), offsets[p], 0, groups[group.group_id].lag, 0, {}});
                }
              }
            });
      case ListOffsetsRequest::kApi.key:
        return reply<ListOffsetsRequest>(frame, [this](const auto& request, ListOffsetsResponse& response) {
          for (const auto& topic : request.topics) {
            auto& one = response.topics.emplace_back();
            one.name = topic.name;
            for (const auto& partition : topic.partitions) {
              if (forgotten == std::pair(topic.name, int{partition.partition_index})) continue;
              const auto index = static_cast<std::size_t>(partition.partition_index);
              const auto& from = partition.timestamp == kEarliest ? starts : ends;
              const auto found = from.find(topic.name);
              const bool is_there = found != from.end() && index < found->second.size();
              const std::int64_t offset = is_there ? found->second[index] : 0;
              one.partitions.push_back({partition.partition_index, 0, partition.timestamp, offset, -1});
            }
            if (backwards) std::ranges::reverse(one.partitions);
          }
          if (backwards) std::ranges::reverse(response.topics);
        });
      default:
        FAIL("an unexpected request");
        return {};
    }
  }
};

SamplePlan plan_of(const std::vector<std::string>& groups, const std::set<std::string>& topics) {
  SamplePlan plan;
  for (const auto& id : groups) {
    auto& group = plan.groups.emplace_back();
    group.id = id;
    group.topics = topics;
    group.ends = true;
  }
  return plan;
}

std::vector<std::int64_t> values(const std::vector<Reading>& readings) {
  std::vector<std::int64_t> all;
  for (const Reading& reading : readings) {
    REQUIRE(reading.known());
    all.push_back(reading.value);
  }
  return all;
}

using Values = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a steady tick asks a broker for all commits at once, for all ends at once, and for the groups' members") {
  Cluster cluster;
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) {
    ids.push_back("g" + std::to_string(i));
    cluster.ends["t" + std::to_string(i)] = {10, 20, 30};
    cluster.groups[ids.back()].commits["t" + std::to_string(i)] = {i, 20, 30};
  }
  SamplePlan plan = plan_of(ids, {});
  for (int i = 0; i < 40; ++i) plan.groups[static_cast<std::size_t>(i)].topics = {"t" + std::to_string(i)};
  cluster.read(plan);
  const Sample sample = cluster.read(plan);
  CHECK(cluster.asked == std::map<std::string, int>{{"DescribeGroups", 1}, {"ListOffsets", 1}, {"OffsetFetch", 1}});
  CHECK(sample.groups.size() == 40);
  CHECK(values(sample.groups.at("g7").committed.at("t7")) == Values{7, 20, 30});
  CHECK(values(sample.topics.at("t7")->ends) == Values{10, 20, 30});
  CHECK(values(sample.topics.at("t7")->starts) == Values{0, 0, 0});
  CHECK(sample.groups.at("g7").info->members == 3);
  CHECK(sample.groups.at("g7").info->type == "Classic");
}

TEST_CASE("an answer in another order than the request is read by its partitions") {
  Cluster cluster;
  cluster.backwards = true;
  cluster.ends = {{"orders", {5, 6, 7}}, {"payments", {8, 9}}};
  const Sample sample = cluster.read(plan_of({"billing"}, {"orders", "payments"}));
  CHECK(values(sample.topics.at("orders")->ends) == Values{5, 6, 7});
  CHECK(values(sample.topics.at("payments")->ends) == Values{8, 9});
}

TEST_CASE("a partition that an answer leaves out is unknown, alone") {
  Cluster cluster;
  cluster.ends = {{"orders", {5, 6, 7}}};
  cluster.forgotten = {"orders", 1};
  const Sample sample = cluster.read(plan_of({"billing"}, {"orders"}));
  const auto& ends = sample.topics.at("orders")->ends;
  CHECK(ends.at(0).value == 5);
  REQUIRE_FALSE(ends.at(1).known());
  CHECK(ends.at(1).error->what == "the broker's answer leaves it out");
  CHECK(ends.at(2).value == 7);
  CHECK_FALSE(sample.topics.at("orders")->starts.at(1).known());
}

TEST_CASE("a group without named topics is read with all that it has committed to") {
  Cluster cluster;
  cluster.ends = {{"orders", {5}}, {"payments", {8}}, {"others", {9}}};
  cluster.groups["billing"].commits = {{"orders", {1}}, {"payments", {2}}, {"gone", {3}}};
  SamplePlan plan = plan_of({"billing"}, {});
  plan.groups.front().committed_topics = true;
  const Sample sample = cluster.read(plan);
  CHECK(sample.topics.size() == 3);
  CHECK(values(sample.topics.at("payments")->ends) == Values{8});
  CHECK(values(sample.groups.at("billing").committed.at("payments")) == Values{2});
  REQUIRE_FALSE(sample.topics.at("gone"));
  CHECK(sample.topics.at("gone").error().code == Code::kNotFound);
}

TEST_CASE("a share group's first record that is not done with stands for its commit") {
  Cluster cluster;
  cluster.ends = {{"orders", {50, 60}}};
  cluster.groups["pickers"].type = "Share";
  cluster.groups["pickers"].commits = {{"orders", {40, -1}}};
  const Sample sample = cluster.read(plan_of({"pickers"}, {"orders"}));
  CHECK(cluster.asked.contains("DescribeShareGroupOffsets"));
  CHECK_FALSE(cluster.asked.contains("OffsetFetch"));
  CHECK(values(sample.groups.at("pickers").committed.at("orders")) == Values{40, kNoCommit});
  CHECK(sample.groups.at("pickers").info->type == "Share");
  CHECK(sample.groups.at("pickers").info->members == 20);

  CHECK(sample.groups.at("pickers").approximate == Assignment{{"orders", {0}}});

  cluster.groups["pickers"].lag = 7;
  const Sample exact = cluster.read(plan_of({"pickers"}, {"orders"}));
  CHECK(values(exact.groups.at("pickers").committed.at("orders")) == Values{43, kNoCommit});
  CHECK(exact.groups.at("pickers").approximate.empty());
}

TEST_CASE("a coordinator that has just taken over must wait for all commits before its word is taken") {
  Cluster cluster;
  cluster.ends = {{"orders", {50}}};
  cluster.groups["billing"].commits = {{"orders", {48}}};
  const auto committed = [&] {
    return values(cluster.read(plan_of({"billing"}, {"orders"})).groups.at("billing").committed.at("orders"));
  };
  CHECK(committed() == Values{48});
  CHECK(committed() == Values{48});
  CHECK(cluster.stable_asked == std::vector<bool>{true, false});

  cluster.coordinator_fails = true;
  CHECK_FALSE(cluster.read(plan_of({"billing"}, {"orders"})).groups.at("billing").commits);
  cluster.coordinator_fails = false;
  cluster.trails = true;
  CHECK(committed() == Values{48});
  CHECK(cluster.stable_asked == std::vector<bool>{true, false, true});
}

TEST_CASE("commits to partitions that turn up in the middle of a tick are read in that tick") {
  Cluster cluster;
  cluster.ends = {{"orders", {10}}};
  auto& group = cluster.groups["billing"];
  group.commits = {{"orders", {10}}};
  cluster.read(plan_of({"billing"}, {"orders"}));
  // A member has been quick: the new partition was found, given to it, read and committed within a second.
  cluster.ends["orders"].push_back(500);
  group.commits["orders"].push_back(500);
  group.assigned = {0, 1};
  const Sample sample = cluster.read(plan_of({"billing"}, {"orders"}));
  CHECK(values(sample.topics.at("orders")->ends) == Values{10, 500});
  CHECK(values(sample.groups.at("billing").committed.at("orders")) == Values{10, 500});
  CHECK(cluster.asked["Metadata"] == 1);
  CHECK(cluster.asked["OffsetFetch"] == 2);
}

TEST_CASE("a topic that was made anew is known by its end, and its start and id are its own in the same tick") {
  Cluster cluster;
  cluster.ends = {{"orders", {900, 5}}, {"payments", {7}}};
  cluster.starts = {{"orders", {800, 5}}};
  cluster.ids = {{"orders", 1}, {"payments", 3}};
  const SamplePlan plan = plan_of({"billing"}, {"orders", "payments"});
  const Sample before = cluster.read(plan);
  CHECK(values(before.topics.at("orders")->starts) == Values{800, 5});

  cluster.ends["orders"] = {40, 5};
  cluster.starts["orders"] = {0, 0};
  cluster.ids["orders"] = 2;
  const Sample sample = cluster.read(plan);
  CHECK(values(sample.topics.at("orders")->ends) == Values{40, 5});
  CHECK(values(sample.topics.at("orders")->starts) == Values{0, 0});
  CHECK(sample.topics.at("orders")->id != before.topics.at("orders")->id);
  CHECK(values(sample.topics.at("payments")->ends) == Values{7});
  CHECK(sample.topics.at("payments")->id == before.topics.at("payments")->id);
  cluster.read(plan);
  CHECK(cluster.asked["Metadata"] == 0);
}

TEST_CASE("a topic that was made anew and has grown past its old end is known as soon as it is doubtful") {
  Cluster cluster;
  cluster.ends = {{"orders", {900}}};
  cluster.starts = {{"orders", {800}}};
  cluster.ids = {{"orders", 1}};
  SamplePlan plan = plan_of({"billing"}, {"orders"});
  const Sample before = cluster.read(plan);
  cluster.ends["orders"] = {1000};
  cluster.starts["orders"] = {0};
  cluster.ids["orders"] = 2;
  CHECK(cluster.read(plan).topics.at("orders")->id == before.topics.at("orders")->id);
  plan.doubtful = {"orders", "unheard-of"};
  const Sample sample = cluster.read(plan);
  CHECK(values(sample.topics.at("orders")->starts) == Values{0});
  CHECK(sample.topics.at("orders")->id != before.topics.at("orders")->id);
  plan.doubtful.clear();
  cluster.read(plan);
  CHECK(cluster.asked["Metadata"] == 0);
}

TEST_CASE("a topic that is gone in the middle of a tick is an error, not the numbers that it had") {
  Cluster cluster;
  cluster.ends = {{"orders", {900}}};
  cluster.read(plan_of({"billing"}, {"orders"}));
  cluster.ends.erase("orders");  // its log answers that it is empty once more
  const Sample sample = cluster.read(plan_of({"billing"}, {"orders"}));
  REQUIRE_FALSE(sample.topics.at("orders"));
  CHECK(sample.topics.at("orders").error().code == Code::kNotFound);
}
