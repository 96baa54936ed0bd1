// Metadata: the brokers, and the topics with their partitions and leaders.
#pragma once
#include "../codec/field.hpp"

namespace penstock::kafka::wire {

// The value of a set of authorized operations that wasn't asked for.
inline constexpr std::int32_t kOperationsNotAsked = std::numeric_limits<std::int32_t>::min();

struct MetadataResponse {
  static constexpr Api kApi{3, "Metadata", 9, 13, 9};
  struct Broker {
    std::int32_t node_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::optional<std::string> rack;
    static void fields(auto& self, auto& io) {
      io("NodeId", self.node_id);
      io("Host", self.host);
      io("Port", self.port);
      io("Rack", self.rack, {.versions = from(1), .nullable = from(1)});
    }
    bool operator==(const Broker&) const = default;
  };
  struct Partition {
    std::int16_t error_code = 0;
    std::int32_t partition_index = 0;
    std::int32_t leader_id = 0;  // -1: none
    std::int32_t leader_epoch = -1;
    std::vector<std::int32_t> replica_nodes, isr_nodes, offline_replicas;
    static void fields(auto& self, auto& io) {
      io("ErrorCode", self.error_code);
      io("PartitionIndex", self.partition_index);
      io("LeaderId", self.leader_id);
      io("LeaderEpoch", self.leader_epoch, {.versions = from(7)});
      io("ReplicaNodes", self.replica_nodes);
      io("IsrNodes", self.isr_nodes);
      io("OfflineReplicas", self.offline_replicas, {.versions = from(5)});
    }
    bool operator==(const Partition&) const = default;
  };
  struct Topic {
    std::int16_t error_code = 0;
    std::optional<std::string> name;  // null from version 12 for an id that nobody knows
    Uuid topic_id;
    bool is_internal = false;
    std::vector<Partition> partitions;
    std::int32_t topic_authorized_operations = kOperationsNotAsked;
    static void fields(auto& self, auto& io) {
      io("ErrorCode", self.error_code);
      io("Name", self.name, {.nullable = from(12)});
      io("TopicId", self.topic_id, {.versions = from(10)});
      io("IsInternal", self.is_internal, {.versions = from(1)});
      io("Partitions", self.partitions);
      io("TopicAuthorizedOperations", self.topic_authorized_operations, {.versions = from(8)});
    }
    bool operator==(const Topic&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<Broker> brokers;
  std::optional<std::string> cluster_id;
  std::int32_t controller_id = -1;
  std::vector<Topic> topics;
  std::int32_t cluster_authorized_operations = kOperationsNotAsked;
  std::int16_t error_code = 0;

  static void fields(auto& self, auto& io) {
    io("ThrottleTimeMs", self.throttle_time_ms, {.versions = from(3)});
    io("Brokers", self.brokers);
    io("ClusterId", self.cluster_id, {.versions = from(2), .nullable = from(2)});
    io("ControllerId", self.controller_id, {.versions = from(1)});
    io("Topics", self.topics);
    io("ClusterAuthorizedOperations", self.cluster_authorized_operations, {.versions = {8, 10}});
    io("ErrorCode", self.error_code, {.versions = from(13)});
  }
  bool operator==(const MetadataResponse&) const = default;
};

struct MetadataRequest {
  static constexpr Api kApi = MetadataResponse::kApi;
  using Response = MetadataResponse;
  struct Topic {
    Uuid topic_id;
    std::optional<std::string> name;  // null from version 10, with an id
    static void fields(auto& self, auto& io) {
      io("TopicId", self.topic_id, {.versions = from(10)});
      io("Name", self.name, {.nullable = from(10)});
    }
    bool operator==(const Topic&) const = default;
  };

  std::optional<std::vector<Topic>> topics;  // null: all
  bool allow_auto_topic_creation = true;     // Kafka's default: a reader sets false
  bool include_cluster_authorized_operations = false, include_topic_authorized_operations = false;

  static void fields(auto& self, auto& io) {
    io("Topics", self.topics, {.nullable = from(1)});
    io("AllowAutoTopicCreation", self.allow_auto_topic_creation, {.versions = from(4)});
    io("IncludeClusterAuthorizedOperations", self.include_cluster_authorized_operations, {.versions = {8, 10}});
    io("IncludeTopicAuthorizedOperations", self.include_topic_authorized_operations, {.versions = from(8)});
  }
  bool operator==(const MetadataRequest&) const = default;
};

}  // namespace penstock::kafka::wire
