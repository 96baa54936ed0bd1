// ListOffsets: the offset of a partition's end, its start, or the first record since a time.
#pragma once
#include "../codec/field.hpp"

namespace penstock::kafka::wire {

// Timestamps with a meaning of their own. A real one is in ms since 1970.
inline constexpr std::int64_t kLatest = -1;    // the high watermark, or the last stable offset when committed is read
inline constexpr std::int64_t kEarliest = -2;  // the log start offset

inline constexpr std::int8_t kReadUncommitted = 0;
inline constexpr std::int8_t kReadCommitted = 1;

struct ListOffsetsResponse {
  static constexpr Api kApi{2, "ListOffsets", 5, 11, 6};
  struct Partition {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    std::int64_t timestamp = -1;  // of the record found; -1 for the latest and the earliest
    std::int64_t offset = -1;     // -1: no record since that time
    std::int32_t leader_epoch = -1;
    static void fields(auto& self, auto& io) {
      io("PartitionIndex", self.partition_index);
      io("ErrorCode", self.error_code);
      io("Timestamp", self.timestamp, {.versions = from(1)});
      io("Offset", self.offset, {.versions = from(1)});
      io("LeaderEpoch", self.leader_epoch, {.versions = from(4)});
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

  std::int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;

  static void fields(auto& self, auto& io) {
    io("ThrottleTimeMs", self.throttle_time_ms, {.versions = from(2)});
    io("Topics", self.topics);
  }
  bool operator==(const ListOffsetsResponse&) const = default;
};

struct ListOffsetsRequest {
  static constexpr Api kApi = ListOffsetsResponse::kApi;
  using Response = ListOffsetsResponse;
  struct Partition {
    std::int32_t partition_index = 0;
    std::int32_t current_leader_epoch = -1;  // -1: don't compare
    std::int64_t timestamp = 0;
    static void fields(auto& self, auto& io) {
      io("PartitionIndex", self.partition_index);
      io("CurrentLeaderEpoch", self.current_leader_epoch, {.versions = from(4)});
      io("Timestamp", self.timestamp);
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

  std::int32_t replica_id = -1;  // a client; anything else would be a broker's
  std::int8_t isolation_level = kReadUncommitted;
  std::vector<Topic> topics;
  std::int32_t timeout_ms = 0;  // how long the broker may look into tiered storage

  static void fields(auto& self, auto& io) {
    io("ReplicaId", self.replica_id);
    io("IsolationLevel", self.isolation_level, {.versions = from(2)});
    io("Topics", self.topics);
    io("TimeoutMs", self.timeout_ms, {.versions = from(10)});
  }
  bool operator==(const ListOffsetsRequest&) const = default;
};

}  // namespace penstock::kafka::wire
