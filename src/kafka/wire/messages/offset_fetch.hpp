// OffsetFetch: the offsets that groups have committed; many groups in one request from version 8 on (KIP-709).
//
// Until version 7 the request's own `group_id` and `topics` and the answer's own `topics` and `error_code` count, from
// 8 on `groups` alone. Version 10 names topics by id: we stop at 9.
#pragma once
#include "../codec/field.hpp"

namespace penstock::kafka::wire {

struct OffsetFetchResponse {
  static constexpr Api kApi{9, "OffsetFetch", 6, 9, 6};  // 8: Kafka 3.0
  struct Partition {
    std::int32_t partition_index = 0;
    std::int64_t committed_offset = 0;  // -1: none
    std::int32_t committed_leader_epoch = -1;
    std::optional<std::string> metadata;
    std::int16_t error_code = 0;
    static void fields(auto& self, auto& io) {
      io("PartitionIndex", self.partition_index);
      io("CommittedOffset", self.committed_offset);
      io("CommittedLeaderEpoch", self.committed_leader_epoch, {.versions = from(5)});
      io("Metadata", self.metadata, {.nullable = from(0)});
      io("ErrorCode", self.error_code);
    }
    bool operator==(const Partition&) const = default;
  };
  struct Topic {
    std::string name;
    std::vector<Partition> partitions;
    static void fields(auto& self, auto& io) {
      io("Name", self.name);
      io("Partitions", self.partitions);
    }
    bool operator==(const Topic&) const = default;
  };
  struct Group {
    std::string group_id;
    std::vector<Topic> topics;
    std::int16_t error_code = 0;
    static void fields(auto& self, auto& io) {
      io("GroupId", self.group_id);
      io("Topics", self.topics);
      io("ErrorCode", self.error_code);
    }
    bool operator==(const Group&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;
  std::int16_t error_code = 0;
  std::vector<Group> groups;

  static void fields(auto& self, auto& io) {
    io("ThrottleTimeMs", self.throttle_time_ms, {.versions = from(3)});
    io("Topics", self.topics, {.versions = up_to(7)});
    io("ErrorCode", self.error_code, {.versions = {2, 7}});
    io("Groups", self.groups, {.versions = from(8)});
  }
  bool operator==(const OffsetFetchResponse&) const = default;
};

struct OffsetFetchRequest {
  static constexpr Api kApi = OffsetFetchResponse::kApi;
  using Response = OffsetFetchResponse;
  struct Topic {
    std::string name;
    std::vector<std::int32_t> partition_indexes;
    static void fields(auto& self, auto& io) {
      io("Name", self.name);
      io("PartitionIndexes", self.partition_indexes);
    }
    bool operator==(const Topic&) const = default;
  };
  struct Group {
    std::string group_id;
    std::optional<std::string> member_id;
    std::int32_t member_epoch = -1;
    std::optional<std::vector<Topic>> topics;  // null: all that the group has committed
    static void fields(auto& self, auto& io) {
      io("GroupId", self.group_id);
      io("MemberId", self.member_id, {.versions = from(9), .nullable = from(9)});
      io("MemberEpoch", self.member_epoch, {.versions = from(9)});
      io("Topics", self.topics, {.nullable = from(8)});
    }
    bool operator==(const Group&) const = default;
  };

  std::string group_id;
  std::optional<std::vector<Topic>> topics;  // null: all that the group has committed
  std::vector<Group> groups;
  bool require_stable = false;  // true refuses what an open transaction may still change

  static void fields(auto& self, auto& io) {
    io("GroupId", self.group_id, {.versions = up_to(7)});
    io("Topics", self.topics, {.versions = up_to(7), .nullable = {2, 7}});
    io("Groups", self.groups, {.versions = from(8)});
    io("RequireStable", self.require_stable, {.versions = from(7)});
  }
  bool operator==(const OffsetFetchRequest&) const = default;
};

}  // namespace penstock::kafka::wire
