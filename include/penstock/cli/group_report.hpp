// What was read of consumer groups, straight from Kafka, and how it is shown. Values; pure.
#pragma once
#include <penstock/api/consumer_scaler.hpp>
#include <penstock/cli/answer.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::cli {

struct PartitionRow {
  int partition = 0;
  std::optional<std::int64_t> start, committed, end;  // committed: unset without a commit, too
  std::optional<std::int64_t> lag;
  std::string note;
  bool unread = false;  // a part of it could not be read: the note says why
};

struct TopicRow {
  std::string topic;
  int partitions = 0;
  std::optional<std::int64_t> lag;
  std::optional<api::Delay> delay;
  std::optional<double> arrival_rate, consumption_rate;  // records a second
  std::string note;
  bool unread = false;
  bool counts = true;  // in the group's sum; false: a member has it, but nothing was ever committed
  bool alarming = false;
  std::vector<PartitionRow> by_partition;
};

struct GroupRow {
  std::string group;
  api::GroupStatus state;  // empty words where the group can't be described
  std::optional<std::int64_t> lag;
  std::optional<api::Delay> delay;
  std::string note;
  bool unread = false;
  std::vector<TopicRow> topics;
};

struct GroupReport {
  WallTime at{};
  std::vector<GroupRow> groups;
  std::vector<std::string> problems;  // what is not in any row
};

struct GroupView {
  bool partitions = false;
  bool rates = false;
  Sort sort = Sort::kLag;
};

Answer answer_of(GroupReport report, const GroupView& view);

}  // namespace penstock::cli
