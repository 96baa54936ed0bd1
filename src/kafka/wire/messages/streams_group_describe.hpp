// StreamsGroupDescribe: groups of Kafka Streams' own protocol (KIP-1071), whose unit of work is a task.
#pragma once
#include "metadata.hpp"

namespace penstock::kafka::wire {

// The structs that can be null stand at the top: inside of a class, an optional of a struct with initial values isn't
// complete for every compiler.
struct StreamsKeyValue {
  std::string key, value;
  static void fields(auto& self, auto& io) {
    io("Key", self.key);
    io("Value", self.value);
  }
  bool operator==(const StreamsKeyValue&) const = default;
};

struct StreamsTopology {
  struct Topic {
    std::string name;
    std::int32_t partitions = 0;
    std::int16_t replication_factor = 0;
    std::vector<StreamsKeyValue> topic_configs;
    static void fields(auto& self, auto& io) {
      io("Name", self.name);
      io("Partitions", self.partitions);
      io("ReplicationFactor", self.replication_factor);
      io("TopicConfigs", self.topic_configs);
    }
    bool operator==(const Topic&) const = default;
  };
  struct Subtopology {
    std::string subtopology_id;
    std::vector<std::string> source_topics, repartition_sink_topics;
    std::vector<Topic> state_changelog_topics, repartition_source_topics;
    static void fields(auto& self, auto& io) {
      io("SubtopologyId", self.subtopology_id);
      io("SourceTopics", self.source_topics);
      io("RepartitionSinkTopics", self.repartition_sink_topics);
      io("StateChangelogTopics", self.state_changelog_topics);
      io("RepartitionSourceTopics", self.repartition_source_topics);
    }
    bool operator==(const Subtopology&) const = default;
  };

  std::int32_t epoch = 0;
  std::optional<std::vector<Subtopology>> subtopologies;  // null: topics lack or don't fit together
  static void fields(auto& self, auto& io) {
    io("Epoch", self.epoch);
    io("Subtopologies", self.subtopologies, {.nullable = from(0)});
  }
  bool operator==(const StreamsTopology&) const = default;
};

struct StreamsEndpoint {
  std::string host;
  std::uint16_t port = 0;
  static void fields(auto& self, auto& io) {
    io("Host", self.host);
    io("Port", self.port);
  }
  bool operator==(const StreamsEndpoint&) const = default;
};

struct StreamsGroupDescribeResponse {
  static constexpr Api kApi{89, "StreamsGroupDescribe", 0, 0, 0};
  struct TaskOffset {
    std::string subtopology_id;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    static void fields(auto& self, auto& io) {
      io("SubtopologyId", self.subtopology_id);
      io("Partition", self.partition);
      io("Offset", self.offset);
    }
    bool operator==(const TaskOffset&) const = default;
  };
  struct TaskIds {
    std::string subtopology_id;
    std::vector<std::int32_t> partitions;
    static void fields(auto& self, auto& io) {
      io("SubtopologyId", self.subtopology_id);
      io("Partitions", self.partitions);
    }
    bool operator==(const TaskIds&) const = default;
  };
  struct Assignment {
    std::vector<TaskIds> active_tasks, standby_tasks, warmup_tasks;
    static void fields(auto& self, auto& io) {
      io("ActiveTasks", self.active_tasks);
      io("StandbyTasks", self.standby_tasks);
      io("WarmupTasks", self.warmup_tasks);
    }
    bool operator==(const Assignment&) const = default;
  };
  struct Member {
    std::string member_id;
    std::int32_t member_epoch = 0;
    std::optional<std::string> instance_id, rack_id;
    std::string client_id, client_host;
    std::int32_t topology_epoch = 0;
    std::string process_id;  // members of one process share it
    std::optional<StreamsEndpoint> user_endpoint;
    std::vector<StreamsKeyValue> client_tags;
    std::vector<TaskOffset> task_offsets, task_end_offsets;
    Assignment assignment, target_assignment;
    bool is_classic = false;
    static void fields(auto& self, auto& io) {
      io("MemberId", self.member_id);
      io("MemberEpoch", self.member_epoch);
      io("InstanceId", self.instance_id, {.nullable = from(0)});
      io("RackId", self.rack_id, {.nullable = from(0)});
      io("ClientId", self.client_id);
      io("ClientHost", self.client_host);
      io("TopologyEpoch", self.topology_epoch);
      io("ProcessId", self.process_id);
      io("UserEndpoint", self.user_endpoint, {.nullable = from(0)});
      io("ClientTags", self.client_tags);
      io("TaskOffsets", self.task_offsets);
      io("TaskEndOffsets", self.task_end_offsets);
      io("Assignment", self.assignment);
      io("TargetAssignment", self.target_assignment);
      io("IsClassic", self.is_classic);
    }
    bool operator==(const Member&) const = default;
  };
  struct Group {
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::string group_id;
    std::string group_state;  // Empty, NotReady, Assigning, Reconciling, Stable, Dead
    std::int32_t group_epoch = 0, assignment_epoch = 0;
    std::optional<StreamsTopology> topology;  // null: no member has told it yet
    std::vector<Member> members;
    std::int32_t authorized_operations = kOperationsNotAsked;
    static void fields(auto& self, auto& io) {
      io("ErrorCode", self.error_code);
      io("ErrorMessage", self.error_message, {.nullable = from(0)});
      io("GroupId", self.group_id);
      io("GroupState", self.group_state);
      io("GroupEpoch", self.group_epoch);
      io("AssignmentEpoch", self.assignment_epoch);
      io("Topology", self.topology, {.nullable = from(0)});
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
  bool operator==(const StreamsGroupDescribeResponse&) const = default;
};

struct StreamsGroupDescribeRequest {
  static constexpr Api kApi = StreamsGroupDescribeResponse::kApi;
  using Response = StreamsGroupDescribeResponse;

  std::vector<std::string> group_ids;
  bool include_authorized_operations = false;

  static void fields(auto& self, auto& io) {
    io("GroupIds", self.group_ids);
    io("IncludeAuthorizedOperations", self.include_authorized_operations);
  }
  bool operator==(const StreamsGroupDescribeRequest&) const = default;
};

}  // namespace penstock::kafka::wire
