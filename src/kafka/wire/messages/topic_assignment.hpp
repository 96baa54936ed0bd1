// Whole topics' partitions as the consumer and share group protocols hand them to a member.
#pragma once
#include "../codec/field.hpp"

namespace penstock::kafka::wire {

struct TopicAssignment {
  struct Topic {
    Uuid topic_id;
    std::string topic_name;
    std::vector<std::int32_t> partitions;
    static void fields(auto& self, auto& io) {
      io("TopicId", self.topic_id);
      io("TopicName", self.topic_name);
      io("Partitions", self.partitions);
    }
    bool operator==(const Topic&) const = default;
  };

  std::vector<Topic> topic_partitions;

  static void fields(auto& self, auto& io) { io("TopicPartitions", self.topic_partitions); }
  bool operator==(const TopicAssignment&) const = default;
};

}  // namespace penstock::kafka::wire
