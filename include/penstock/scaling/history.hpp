// What the past of a group's partitions tells: how long ago an offset was the end, and for how long nothing has moved.
// Bounded; one thread.
#pragma once
#include <penstock/base/time.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace penstock::scaling {

using TopicPartition = std::pair<std::string, int>;

class History {
 public:
  struct Partition {
    std::deque<std::pair<SteadyTime, std::int64_t>> ends;  // increasing in both; thinned, at most kMaxPoints
    std::optional<std::int64_t> first_end;                 // at first sight
    std::int64_t end = 0;
    std::optional<std::int64_t> committed;
    SteadyTime end_since{}, committed_since{};  // when these values were first seen
  };
  static constexpr std::size_t kMaxPoints = 256;

  Partition& observe(const TopicPartition& partition, SteadyTime now, std::int64_t end,
                     std::optional<std::int64_t> committed);
  // The age of the record at this offset: at least this long; nullopt when it was there before we looked.
  std::optional<Duration> age_of(const TopicPartition& partition, std::int64_t offset, SteadyTime now) const;
  void keep_only(const std::map<std::string, int>& topics);  // forgets partitions that are gone

 private:
  std::map<TopicPartition, Partition> partitions_;
};

}  // namespace penstock::scaling
