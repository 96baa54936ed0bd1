#include <doctest/doctest.h>
#include <wire/reader/descriptions.hpp>

using namespace penstock;
using namespace penstock::kafka;
using namespace penstock::kafka::wire;

namespace {

using Streams = StreamsGroupDescribeResponse;

// Two topics that are read together and repartitioned, and what reads that.
Streams::Group pipeline() {
  Streams::Group group;
  group.group_id = "pipeline";
  group.group_state = "Stable";
  auto& all = group.topology.emplace().subtopologies.emplace();
  all.resize(2);
  all[0].subtopology_id = "0";
  all[0].source_topics = {"orders", "payments"};
  all[0].repartition_sink_topics = {"again"};
  all[1].subtopology_id = "1";
  all[1].repartition_source_topics.emplace_back().name = "again";
  all[1].repartition_source_topics.back().partitions = 4;
  return group;
}

PartitionsOf partitions(std::map<std::string, int> known) {
  return [known = std::move(known)](const std::string& topic) -> std::optional<int> {
    const auto found = known.find(topic);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  };
}

}  // namespace

TEST_CASE("a subtopology has a task for each partition of its largest topic") {
  CHECK(count_tasks(pipeline(), partitions({{"orders", 2}, {"payments", 3}})) == 7);
  Streams::Group undecided = pipeline();
  undecided.topology->subtopologies->at(1).repartition_source_topics.front().partitions = 0;
  CHECK(count_tasks(undecided, partitions({{"orders", 2}, {"payments", 3}, {"again", 5}})) == 8);
}

TEST_CASE("tasks of a topology are not known as long as one of its topics is not") {
  CHECK(count_tasks(pipeline(), partitions({{"orders", 2}})) == 0);
  Streams::Group group = pipeline();
  group.topology->subtopologies->at(1).repartition_source_topics.front().partitions = 0;
  CHECK(count_tasks(group, partitions({{"orders", 2}, {"payments", 3}})) == 0);
  group.topology->subtopologies.reset();
  CHECK(count_tasks(group, partitions({})) == 0);
  group.topology.reset();
  CHECK(count_tasks(group, partitions({})) == 0);
}

TEST_CASE("tasks that members have or are to get are counted once each, whatever is known of topics") {
  Streams::Group group = pipeline();
  group.members.resize(2);
  group.members[0].assignment.active_tasks = {{"0", {0, 1, 2}}, {"1", {0}}};
  group.members[0].assignment.standby_tasks = {{"1", {9}}};
  group.members[0].target_assignment.active_tasks = {{"0", {0, 1}}, {"1", {0, 1}}};
  group.members[1].target_assignment.active_tasks = {{"0", {2}}, {"1", {2, 3}}};
  CHECK(count_tasks(group, partitions({})) == 7);
  CHECK(count_tasks(group, partitions({{"orders", 8}, {"payments", 3}})) == 12);  // grown a moment ago
}

TEST_CASE("a topic of which a member has no partition is not assigned") {
  ConsumerGroupDescribeResponse::Group group;
  group.members.resize(1);
  group.members[0].assignment.topic_partitions = {{{}, "orders", {}}};
  const auto info = info_of(group);
  REQUIRE(info);
  CHECK_FALSE(info->assigned);
}

TEST_CASE("a Streams member has the partitions of its tasks' source topics") {
  Streams::Group group = pipeline();
  group.members.resize(2);
  group.members[0].assignment.active_tasks = {{"0", {1, 0}}};
  group.members[1].assignment.active_tasks = {{"0", {2}}, {"1", {0, 1, 2, 3}}};
  const auto info = info_of(group);
  REQUIRE(info);
  CHECK(info->type == "Streams");
  CHECK(info->state == "Stable");
  CHECK(info->members == 2);
  REQUIRE(info->assigned);
  CHECK(*info->assigned == Assignment{{"orders", {0, 1, 2}}, {"payments", {0, 1, 2}}, {"again", {0, 1, 2, 3}}});
}
