// ListOffsets, one request a leader: librdkafka would wait for the slowest leader before it tells of any, and then
// gives the partitions of a leader that failed an invalid offset and no error.
#pragma once
#include "batch.hpp"

#include <span>

namespace penstock::kafka {

struct OffsetOf {
  std::string topic;
  int partition = 0;
  Result<std::int64_t> offset;
  bool stale = false;  // the leader was probably looked for in the wrong place
};

enum class Edge { kStart, kEnd, kStableEnd };

struct Place {
  const std::string* topic;
  int partition;
};

// `answer` gets each of `places`, once.
void submit_offsets(Batch& batch, std::span<const Place> places, Edge edge,
                    std::function<void(std::vector<OffsetOf>)> answer);

}  // namespace penstock::kafka
