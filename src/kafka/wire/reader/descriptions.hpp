// From Kafka's four ways to describe a group to one: how many members, in what state, who has which partitions.
#pragma once
#include "../messages/consumer_group_describe.hpp"
#include "../messages/groups.hpp"
#include "../messages/share_groups.hpp"
#include "../messages/streams_group_describe.hpp"

#include <penstock/kafka/offset_reader.hpp>

#include <functional>

namespace penstock::kafka::wire {

// A group that does not exist is Dead; other errors are the group's.
Result<GroupInfo> info_of(const DescribeGroupsResponse::Group& group);
Result<GroupInfo> info_of(const ConsumerGroupDescribeResponse::Group& group);
Result<GroupInfo> info_of(const ShareGroupDescribeResponse::Group& group);
// A member's tasks are the partitions of their subtopologies' source topics; `tasks` is left to count_tasks.
Result<GroupInfo> info_of(const StreamsGroupDescribeResponse::Group& group);

// How many partitions a topic has; nothing for one that isn't known.
using PartitionsOf = std::function<std::optional<int>(const std::string& topic)>;
// Those that members have or are to get, or those that the topology makes, whichever are more: an empty group has no
// members, and of a topology not every topic need be known. 0 when neither tells.
int count_tasks(const StreamsGroupDescribeResponse::Group& group, const PartitionsOf& partitions_of);

}  // namespace penstock::kafka::wire
