// ShareGroupDescribe and DescribeShareGroupOffsets: share groups (KIP-932), their members and how far they are.
#pragma once
#include "metadata.hpp"
#include "topic_assignment.hpp"

namespace penstock::kafka::wire {

struct ShareGroupDescribeResponse {
  static constexpr Api kApi{77, "ShareGroupDescribe", 1, 1, 0};
  struct Member {
    std::string member_id;
    std::optional<std::string> rack_id;
    std::int32_t member_epoch = 0;
    std::string client_id, client_host;
    std::vector<std::string> subscribed_topic_names;
    TopicAssignment assignment;
    static void fields(auto& self, auto& io) {
      io("MemberId", self.member_id);
      io("RackId", self.rack_id, {.nullable = from(0)});
      io("MemberEpoch", self.member_epoch);
      io("ClientId", self.client_id);
      io("ClientHost", self.client_host);
      io("SubscribedTopicNames", self.subscribed_topic_names);
      io("Assignment", self.assignment);
    }
    bool operator==(const Member&) const = default;
  };
  struct Group {
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::string group_id;
    std::string group_state;  // Empty, Stable, Dead
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
  bool operator==(const ShareGroupDescribeResponse&) const = default;
};

struct ShareGroupDescribeRequest {
  static constexpr Api kApi = ShareGroupDescribeResponse::kApi;
  using Response = ShareGroupDescribeResponse;

  std::vector<std::string> group_ids;
  bool include_authorized_operations = false;

  static void fields(auto& self, auto& io) {
    io("GroupIds", self.group_ids);
    io("IncludeAuthorizedOperations", self.include_authorized_operations);
  }
  bool operator==(const ShareGroupDescribeRequest&) const = default;
};

struct DescribeShareGroupOffsetsResponse {
  static constexpr Api kApi{90, "DescribeShareGroupOffsets", 0, 1, 0};
  struct Partition {
    std::int32_t partition_index = 0;
    std::int64_t start_offset = 0;  // the first record that isn't done with; -1: the group hasn't begun here
    std::int32_t leader_epoch = 0;
    std::int64_t lag = -1;  // from 1 (KIP-1226); -1: the broker can't say
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    static void fields(auto& self, auto& io) {
      io("PartitionIndex", self.partition_index);
      io("StartOffset", self.start_offset);
      io("LeaderEpoch", self.leader_epoch);
      io("Lag", self.lag, {.versions = from(1)});
      io("ErrorCode", self.error_code);
      io("ErrorMessage", self.error_message, {.nullable = from(0)});
    }
    bool operator==(const Partition&) const = default;
  };
  struct Topic {
    std::string topic_name;
    Uuid topic_id;
    std::vector<Partition> partitions;
    static void fields(auto& self, auto& io) {
      io("TopicName", self.topic_name);
      io("TopicId", self.topic_id);
      io("Partitions", self.partitions);
    }
    bool operator==(const Topic&) const = default;
  };
  struct Group {
    std::string group_id;
    std::vector<Topic> topics;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    static void fields(auto& self, auto& io) {
      io("GroupId", self.group_id);
      io("Topics", self.topics);
      io("ErrorCode", self.error_code);
      io("ErrorMessage", self.error_message, {.nullable = from(0)});
    }
    bool operator==(const Group&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<Group> groups;

  static void fields(auto& self, auto& io) {
    io("ThrottleTimeMs", self.throttle_time_ms);
    io("Groups", self.groups);
  }
  bool operator==(const DescribeShareGroupOffsetsResponse&) const = default;
};

struct DescribeShareGroupOffsetsRequest {
  static constexpr Api kApi = DescribeShareGroupOffsetsResponse::kApi;
  using Response = DescribeShareGroupOffsetsResponse;
  struct Topic {
    std::string topic_name;
    std::vector<std::int32_t> partitions;
    static void fields(auto& self, auto& io) {
      io("TopicName", self.topic_name);
      io("Partitions", self.partitions);
    }
    bool operator==(const Topic&) const = default;
  };
  struct Group {
    std::string group_id;
    std::optional<std::vector<Topic>> topics;  // null: all that the group reads
    static void fields(auto& self, auto& io) {
      io("GroupId", self.group_id);
      io("Topics", self.topics, {.nullable = from(0)});
    }
    bool operator==(const Group&) const = default;
  };

  std::vector<Group> groups;

  static void fields(auto& self, auto& io) { io("Groups", self.groups); }
  bool operator==(const DescribeShareGroupOffsetsRequest&) const = default;
};

}  // namespace penstock::kafka::wire
