// ConsumerGroupDescribe: groups of the consumer protocol that came with Kafka 4.0 (KIP-848).
#pragma once
#include "metadata.hpp"
#include "topic_assignment.hpp"

namespace penstock::kafka::wire {

struct ConsumerGroupDescribeResponse {
  static constexpr Api kApi{69, "ConsumerGroupDescribe", 0, 1, 0};
  struct Member {
    std::string member_id;
    std::optional<std::string> instance_id, rack_id;
    std::int32_t member_epoch = 0;
    std::string client_id, client_host;
    std::vector<std::string> subscribed_topic_names;
    std::optional<std::string> subscribed_topic_regex;
    TopicAssignment assignment, target_assignment;
    std::int8_t member_type = -1;  // from 1: 0 classic, 1 consumer; -1 unknown
    static void fields(auto& self, auto& io) {
      io("MemberId", self.member_id);
      io("InstanceId", self.instance_id, {.nullable = from(0)});
      io("RackId", self.rack_id, {.nullable = from(0)});
      io("MemberEpoch", self.member_epoch);
      io("ClientId", self.client_id);
      io("ClientHost", self.client_host);
      io("SubscribedTopicNames", self.subscribed_topic_names);
      io("SubscribedTopicRegex", self.subscribed_topic_regex, {.nullable = from(0)});
      io("Assignment", self.assignment);
      io("TargetAssignment", self.target_assignment);
      io("MemberType", self.member_type, {.versions = from(1)});
    }
    bool operator==(const Member&) const = default;
  };
  struct Group {
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::string group_id;
    std::string group_state;  // Empty, Assigning, Reconciling, Stable, Dead
    std::int32_t group_epoch = 0, assignment_epoch = 0;
    std::string assignor_name;
    std::vector<Member> members;
    std::int32_t authorized_operations = kOperationsNotAsked;
    static void fields(auto& self, auto& io) {
      io("ErrorCode", self.error_code);
      io("ErrorMessage", self.error_message, {.nullable = from(0)});
      io("GroupId", self.group_id);
      io("GroupState", self.group_state);
      io("GroupEpoch", self.group_epoch);
      io("AssignmentEpoch", self.assignment_epoch);
      io("AssignorName", self.assignor_name);
      io("Members", self.members);
      io("AuthorizedOperations", self.authorized_operations);
    }
    bool operator==(const Group&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<Group> groups;

  static void fields(auto& self, auto& io) {
    io("ThrottleTimeMs", self.throttle_time_ms);
    io("Groups", self.groups);
  }
  bool operator==(const ConsumerGroupDescribeResponse&) const = default;
};

struct ConsumerGroupDescribeRequest {
  static constexpr Api kApi = ConsumerGroupDescribeResponse::kApi;
  using Response = ConsumerGroupDescribeResponse;

  std::vector<std::string> group_ids;
  bool include_authorized_operations = false;

  static void fields(auto& self, auto& io) {
    io("GroupIds", self.group_ids);
    io("IncludeAuthorizedOperations", self.include_authorized_operations);
  }
  bool operator==(const ConsumerGroupDescribeRequest&) const = default;
};

}  // namespace penstock::kafka::wire
