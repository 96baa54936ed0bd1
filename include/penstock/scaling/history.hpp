// What the past of a group's partitions tells: how long ago an offset was the end, and for how long nothing has moved.
// Bounded; one thread.
#pragma once
#include <penstock/base/time.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace penstock::scaling {

using TopicPartition = std::pair<std::string, int>;

class History {
 public:
  struct Partition {
    std::vector<std::pair<SteadyTime, std::int64_t>> ends;  // increasing in both; thinned, at most kMaxPoints
    std::optional<std::int64_t> first_end;                  // what had arrived before we looked
    std::int64_t end = 0;
    std::optional<std::int64_t> committed;      // the last one known, also when it is gone
    SteadyTime end_since{}, committed_since{};  // when these values were first seen
    bool tail_ignored = false;                  // of these values of end and committed
    bool frozen(SteadyTime now, Duration time) const {
      return now - end_since >= time && now - committed_since >= time;
    }
  };
  // Enough for ages to within a few percent near the present and a factor of two far back, at 0.5 KiB a partition.
  static constexpr std::size_t kMaxPoints = 32;

  // An end that went down is another topic of that name, or a truncated one: its past is forgotten, and all of its
  // records count as arrived since we look.
  Partition& observe(const TopicPartition& partition, SteadyTime now, std::int64_t end,
                     std::optional<std::int64_t> committed);
  // The age of the record at this offset: at least this long. nullopt when there is no such record.
  std::optional<Duration> age_of(const TopicPartition& partition, std::int64_t offset, SteadyTime now) const;
  void keep_only(const std::map<std::string, int>& topics);  // forgets partitions that are gone
  std::size_t size() const { return partitions_.size(); }

 private:
  std::map<TopicPartition, Partition> partitions_;
};

}  // namespace penstock::scaling
