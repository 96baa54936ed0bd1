// Topics as a broker describes them.
#pragma once
#include "batch.hpp"

#include <penstock/kafka/types.hpp>

namespace penstock::kafka {

// Asks for at most kItemsPerRequest topics, each named once and not by an empty name.
void submit_describe_topics(Batch& batch, const std::vector<std::string>& names, Batch::Answer answer);

struct DescribedTopic {
  std::string name;
  Result<TopicInfo> info;
};
std::vector<DescribedTopic> described_topics(const rd_kafka_event_t* event);

}  // namespace penstock::kafka
