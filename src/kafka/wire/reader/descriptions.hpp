// From Kafka's four ways to describe a group to one: how many members, in what state, who has which partitions.
#pragma once
#include "../messages/consumer_group_describe.hpp"
#include "../messages/groups.hpp"
#include "../messages/share_groups.hpp"
#include "../messages/streams_group_describe.hpp"

#include <penstock/kafka/offset_reader.hpp>

namespace penstock::kafka::wire {

// A group that does not exist is Dead; other errors are the group's.
Result<GroupInfo> info_of(const DescribeGroupsResponse::Group& group);
Result<GroupInfo> info_of(const ConsumerGroupDescribeResponse::Group& group);
Result<GroupInfo> info_of(const ShareGroupDescribeResponse::Group& group);
// A member's tasks are the partitions of their subtopologies' source topics.
Result<GroupInfo> info_of(const StreamsGroupDescribeResponse::Group& group);

}  // namespace penstock::kafka::wire
