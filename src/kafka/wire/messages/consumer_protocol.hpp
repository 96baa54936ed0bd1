// What classic consumers tell each other through the broker: the bytes of DescribeGroups' MemberAssignment.
#pragma once
#include "../codec/field.hpp"

#include <penstock/base/error.hpp>

#include <string_view>

namespace penstock::kafka::wire {

struct ConsumerProtocolAssignment {
  struct TopicPartition {
    std::string topic;
    std::vector<std::int32_t> partitions;
    static void fields(auto& self, auto& io) {
      io("Topic", self.topic);
      io("Partitions", self.partitions);
    }
    bool operator==(const TopicPartition&) const = default;
  };

  std::vector<TopicPartition> assigned_partitions;
  std::optional<Bytes> user_data;

  static void fields(auto& self, auto& io) {
    io("AssignedPartitions", self.assigned_partitions);
    io("UserData", self.user_data, {.nullable = from(0)});
  }
  bool operator==(const ConsumerProtocolAssignment&) const = default;
};

// Empty bytes are an empty assignment: a member has none while its group rebalances. Kafka promises that later versions
// only add at the end, so any version is read by this table and what follows is left alone. The bytes come from another
// client: kInternal when they are something else.
Result<ConsumerProtocolAssignment> decode_assignment(const Bytes& member_assignment);

}  // namespace penstock::kafka::wire
