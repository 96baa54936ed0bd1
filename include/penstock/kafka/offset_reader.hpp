// One tick of one platform for the scaler: all groups' commits, all partitions' ends and starts, all groups' states.
#pragma once
#include <penstock/kafka/types.hpp>

#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <utility>

namespace penstock::kafka {

using TopicPartition = std::pair<std::string, int>;

struct SamplePlan {
  struct Group {
    std::string id;
    std::set<std::string> topics;  // empty: every topic that the group has committed to
    bool read_committed = false;   // ends are last stable offsets
  };
  std::vector<Group> groups;
};

struct GroupInfo {
  std::string type;  // Classic, Consumer; empty when unknown
  // Kafka's name: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead, Assigning, Reconciling. A group that
  // does not exist is Dead.
  std::string state;
  std::string assignor;
  // 0 in any state but Empty and Dead: unknown, and so are assignor and assigned (a Consumer group seen through a
  // librdkafka before 2.10).
  int members = 0;
  std::set<TopicPartition> assigned;
};

struct PartitionOffsets {
  Result<std::int64_t> end = std::unexpected(Error{Code::kUnavailable, "not read", Retry::later()});
  Result<std::int64_t> start = std::unexpected(Error{Code::kUnavailable, "not read", Retry::later()});
  // Unset: the group has no commit for this partition.
  Result<std::optional<std::int64_t>> committed =
      std::unexpected(Error{Code::kUnavailable, "not read", Retry::later()});
};

struct GroupSample {
  Result<GroupInfo> info;
  // Topics that don't exist are an error here, so that a missing topic is never an empty sum.
  PerItem<int> partitions;  // topic → its number of partitions
  std::map<TopicPartition, PartitionOffsets> offsets;
};

struct Sample {
  SteadyTime taken;
  std::map<std::string, GroupSample> groups;  // every group of the plan
};

class OffsetReader {
 public:
  virtual ~OffsetReader() = default;
  // One caller at a time. An error only when nothing at all could be read; else each item has its own.
  virtual Result<Sample> read(const SamplePlan& plan, Duration timeout, std::stop_token stop) = 0;
};

Result<std::unique_ptr<OffsetReader>> open_offset_reader(const Connection& connection, const std::string& client_id,
                                                         const Clock& clock);

}  // namespace penstock::kafka
