// ListGroups and DescribeGroups: what groups a broker keeps, and the members of classic ones.
#pragma once
#include "../codec/field.hpp"
#include "metadata.hpp"

namespace penstock::kafka::wire {

struct ListGroupsResponse {
  static constexpr Api kApi{16, "ListGroups", 3, 5, 3};
  struct Group {
    std::string group_id, protocol_type;
    std::string group_state;  // from 4
    std::string group_type;   // from 5: classic, consumer, share, streams
    static void fields(auto& self, auto& io) {
      io("GroupId", self.group_id);
      io("ProtocolType", self.protocol_type);
      io("GroupState", self.group_state, {.versions = from(4)});
      io("GroupType", self.group_type, {.versions = from(5)});
    }
    bool operator==(const Group&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::vector<Group> groups;

  static void fields(auto& self, auto& io) {
    io("ThrottleTimeMs", self.throttle_time_ms, {.versions = from(1)});
    io("ErrorCode", self.error_code);
    io("Groups", self.groups);
  }
  bool operator==(const ListGroupsResponse&) const = default;
};

struct ListGroupsRequest {
  static constexpr Api kApi = ListGroupsResponse::kApi;
  using Response = ListGroupsResponse;

  std::vector<std::string> states_filter, types_filter;  // empty: all

  static void fields(auto& self, auto& io) {
    io("StatesFilter", self.states_filter, {.versions = from(4)});
    io("TypesFilter", self.types_filter, {.versions = from(5)});
  }
  bool operator==(const ListGroupsRequest&) const = default;
};

struct DescribeGroupsResponse {
  static constexpr Api kApi{15, "DescribeGroups", 5, 6, 5};
  struct Member {
    std::string member_id;
    std::optional<std::string> group_instance_id;
    std::string client_id, client_host;
    Bytes member_metadata, member_assignment;  // empty while the group rebalances; see consumer_protocol.hpp
    static void fields(auto& self, auto& io) {
      io("MemberId", self.member_id);
      io("GroupInstanceId", self.group_instance_id, {.versions = from(4), .nullable = from(4)});
      io("ClientId", self.client_id);
      io("ClientHost", self.client_host);
      io("MemberMetadata", self.member_metadata);
      io("MemberAssignment", self.member_assignment);
    }
    bool operator==(const Member&) const = default;
  };
  struct Group {
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::string group_id;
    std::string group_state;    // Stable, PreparingRebalance, CompletingRebalance, Empty, Dead
    std::string protocol_type;  // "consumer" for consumers
    std::string protocol_data;  // the assignor's name
    std::vector<Member> members;
    std::int32_t authorized_operations = kOperationsNotAsked;
    static void fields(auto& self, auto& io) {
      io("ErrorCode", self.error_code);
      io("ErrorMessage", self.error_message, {.versions = from(6), .nullable = from(6)});
      io("GroupId", self.group_id);
      io("GroupState", self.group_state);
      io("ProtocolType", self.protocol_type);
      io("ProtocolData", self.protocol_data);
      io("Members", self.members);
      io("AuthorizedOperations", self.authorized_operations, {.versions = from(3)});
    }
    bool operator==(const Group&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<Group> groups;

  static void fields(auto& self, auto& io) {
    io("ThrottleTimeMs", self.throttle_time_ms, {.versions = from(1)});
    io("Groups", self.groups);
  }
  bool operator==(const DescribeGroupsResponse&) const = default;
};

struct DescribeGroupsRequest {
  static constexpr Api kApi = DescribeGroupsResponse::kApi;
  using Response = DescribeGroupsResponse;

  std::vector<std::string> groups;
  bool include_authorized_operations = false;

  static void fields(auto& self, auto& io) {
    io("Groups", self.groups);
    io("IncludeAuthorizedOperations", self.include_authorized_operations, {.versions = from(3)});
  }
  bool operator==(const DescribeGroupsRequest&) const = default;
};

}  // namespace penstock::kafka::wire
