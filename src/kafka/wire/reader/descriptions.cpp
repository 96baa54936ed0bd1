#include "descriptions.hpp"

#include "../messages/consumer_protocol.hpp"
#include "../messages/error_code.hpp"

#include <algorithm>

namespace penstock::kafka::wire {
namespace {

template <class Group>
Result<GroupInfo> begin(const Group& group, const char* type) {
  const ErrorCode error = to_error_code(group.error_code);
  if (error != ErrorCode::kNone && error != ErrorCode::kGroupIdNotFound)
    return std::unexpected(to_error(error, group.error_message.value_or("")));
  GroupInfo info;
  if (error == ErrorCode::kGroupIdNotFound || group.group_state == "Dead") {
    info.state = "Dead";
    return info;
  }
  info.type = type;
  info.state = group.group_state;
  info.members = static_cast<int>(group.members.size());
  return info;
}

void finish(GroupInfo& info, Assignment assigned) {
  for (auto& [topic, partitions] : assigned) {
    std::ranges::sort(partitions);
    partitions.erase(std::ranges::unique(partitions).begin(), partitions.end());
  }
  if (!assigned.empty()) info.assigned = std::make_shared<const Assignment>(std::move(assigned));
}

void add(Assignment& to, const std::string& topic, const std::vector<std::int32_t>& partitions) {
  if (partitions.empty()) return;  // brokers and members may name topics of which they hand out nothing
  auto& known = to[topic];
  known.insert(known.end(), partitions.begin(), partitions.end());
}

// A subtopology has a task for each partition of the largest topic that it reads, a repartition topic among them.
int tasks_of_topology(const std::optional<StreamsTopology>& topology, const PartitionsOf& partitions_of) {
  if (!topology || !topology->subtopologies) return 0;
  int all = 0;
  for (const auto& subtopology : *topology->subtopologies) {
    int tasks = 0;
    for (const std::string& topic : subtopology.source_topics) {
      const auto partitions = partitions_of(topic);
      if (!partitions) return 0;
      tasks = std::max(tasks, *partitions);
    }
    for (const auto& topic : subtopology.repartition_source_topics) {
      // The number that the application asks for, or 0: the broker knows.
      const auto partitions = topic.partitions > 0 ? topic.partitions : partitions_of(topic.name);
      if (!partitions) return 0;
      tasks = std::max(tasks, *partitions);
    }
    all += tasks;
  }
  return all;
}

// The protocols of KIP-848 and KIP-932 describe a group's members alike.
template <class Group>
Result<GroupInfo> with_topic_assignments(const Group& group, const char* type) {
  auto info = begin(group, type);
  if (!info) return info;
  info->assignor = group.assignor_name;
  Assignment assigned;
  for (const auto& member : group.members)
    for (const auto& one : member.assignment.topic_partitions) add(assigned, one.topic_name, one.partitions);
  finish(*info, std::move(assigned));
  return info;
}

}  // namespace

Result<GroupInfo> info_of(const DescribeGroupsResponse::Group& group) {
  auto info = begin(group, "Classic");
  if (!info || info->state == "Dead") return info;
  info->assignor = group.protocol_data;
  Assignment assigned;
  for (const auto& member : group.members) {
    // Other uses of the group protocol (Connect) have bytes of their own there: they have no partitions for us.
    if (group.protocol_type != "consumer") break;
    if (const auto its = decode_assignment(member.member_assignment))
      for (const auto& one : its->assigned_partitions) add(assigned, one.topic, one.partitions);
  }
  finish(*info, std::move(assigned));
  return info;
}

Result<GroupInfo> info_of(const ConsumerGroupDescribeResponse::Group& group) {
  return with_topic_assignments(group, "Consumer");
}

Result<GroupInfo> info_of(const ShareGroupDescribeResponse::Group& group) {
  return with_topic_assignments(group, "Share");
}

Result<GroupInfo> info_of(const StreamsGroupDescribeResponse::Group& group) {
  auto info = begin(group, "Streams");
  if (!info) return info;
  std::map<std::string, std::vector<std::string>> sources;
  if (group.topology && group.topology->subtopologies)
    for (const auto& subtopology : *group.topology->subtopologies) {
      auto& its = sources[subtopology.subtopology_id] = subtopology.source_topics;
      for (const auto& topic : subtopology.repartition_source_topics) its.push_back(topic.name);
    }
  Assignment assigned;
  for (const auto& member : group.members)
    for (const auto& task : member.assignment.active_tasks)
      for (const std::string& topic : sources[task.subtopology_id]) add(assigned, topic, task.partitions);
  finish(*info, std::move(assigned));
  return info;
}

int count_tasks(const StreamsGroupDescribeResponse::Group& group, const PartitionsOf& partitions_of) {
  std::set<std::pair<std::string_view, std::int32_t>> shared_out;
  for (const auto& member : group.members)
    for (const auto* tasks : {&member.assignment.active_tasks, &member.target_assignment.active_tasks})
      for (const auto& its : *tasks)
        for (const std::int32_t partition : its.partitions) shared_out.emplace(its.subtopology_id, partition);
  return std::max(static_cast<int>(shared_out.size()), tasks_of_topology(group.topology, partitions_of));
}

}  // namespace penstock::kafka::wire
