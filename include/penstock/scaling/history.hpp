// What the past of partitions tells: when an offset was the end, which bounds the age of the record there, and for how
// long nothing has moved. Bounded; one thread; times are monotonic.
#pragma once
#include <penstock/base/reading.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::scaling {

// How old a record is.
struct Age {
  Duration at_least{};
  std::optional<Duration> at_most;  // unset: nobody knows
  // To within a tenth, or the two seconds that ticks of one second can't tell apart.
  bool precise() const { return at_most && *at_most <= highest(at_least); }
  // The highest that is as good as known for a lowest.
  static Duration highest(Duration at_least) { return at_least + std::max<Duration>(at_least / 10, 2s); }
  bool operator==(const Age&) const = default;
};

// The ends of one topic's partitions, of one kind (high watermark or last stable offset): shared by all groups that
// read the topic.
class EndHistory {
 public:
  // Enough for a minute to within a tenth and a day to within a third, at 0.5 KiB a partition.
  static constexpr std::size_t kMaxPoints = 32;

  // Once a sample. Another topic id, or an end that went down, begins a new life of the partition: its past is
  // forgotten. An empty id says nothing.
  void observe(std::string_view topic_id, std::span<const Reading> ends, SteadyTime now);

  // 0: never seen; another number in each life of the partition.
  std::uint32_t life(std::size_t partition) const { return partition < tracks_.size() ? tracks_[partition].life : 0; }
  std::int64_t end(std::size_t partition) const { return ends_[partition]; }          // of a partition that was seen
  SteadyTime since(std::size_t partition) const { return tracks_[partition].since; }  // when it became the end

  // nullopt when there is no record at this offset, as far as is known.
  std::optional<Age> age_of(std::size_t partition, std::int64_t offset, SteadyTime now) const;
  // What was found out otherwise: at that time the end was this. False, and nothing is noted, when it contradicts what
  // is known or adds nothing.
  bool insert(std::size_t partition, SteadyTime time, std::int64_t end);
  // Asking the cluster about this partition's past is of no use until then.
  void put_off(std::size_t partition, SteadyTime until);
  bool may_ask(std::size_t partition, SteadyTime now) const { return tracks_[partition].ask_again <= now; }

  // Somebody will ask about this offset or later ones, and about none before if nobody else says so: what is told until
  // the end moves counts.
  void keep_from(std::size_t partition, std::int64_t offset) {
    if (partition < needed_.size() && offset < needed_[partition]) needed_[partition] = offset;
  }
  // Somebody can't say what it will ask about.
  void keep_all();

  std::size_t partitions() const { return tracks_.size(); }
  std::size_t points(std::size_t partition) const { return tracks_[partition].count; }

 private:
  struct Point {
    SteadyTime time;
    std::int64_t end;  // at that time
  };
  struct Track {
    SteadyTime since{};
    SteadyTime ask_again{};
    std::uint32_t life = 0;
    std::uint16_t count = 0;  // of points
    bool missed = false;      // the last sample did not have it
  };

  Point* points_of(std::size_t partition) { return points_.data() + partition * room_; }
  const Point* points_of(std::size_t partition) const { return points_.data() + partition * room_; }
  void begin(std::size_t partition, std::int64_t end, SteadyTime now, bool is_new_topic);
  void moved(std::size_t partition, std::int64_t end, SteadyTime now);
  void append(std::size_t partition, Point point, SteadyTime now);
  void forget_consumed(std::size_t partition);
  void thin(std::size_t partition, SteadyTime now);
  void make_room();

  std::string topic_id_;
  std::optional<SteadyTime> observed_;  // the last sample
  std::uint32_t lives_ = 0;
  // By partition. Ends lie by themselves since most ticks only compare them.
  std::vector<std::int64_t> ends_;
  std::vector<std::int64_t> needed_;  // the lowest offset that was asked about since the end moved
  std::vector<Track> tracks_;
  std::size_t room_ = 4;       // points that each partition has room for: grows up to kMaxPoints
  std::vector<Point> points_;  // increasing in time, not decreasing in end
};

// Records a second, smoothed: what happened a window ago counts a third of what happens now, and after three windows
// without a record nothing does.
class Rate {
 public:
  // So many records in that time. The first sight of anything is no rate: don't add it.
  void add(double records, Duration time, Duration window);
  // nullopt before anything was added.
  std::optional<double> per_second() const;
  bool operator==(const Rate&) const = default;

 private:
  double records_ = 0, seconds_ = 0;  // faded alike
  Duration idle_{};
};

// Whether a partition's consumer had enough to do: records waited long enough for it, or so long that nothing else
// explains it.
enum class Backlog : std::uint8_t { kNone, kSome, kLong };

// What one ConsumerScaler remembers of the partitions of its group.
struct GroupPast {
  struct Partition {
    std::int64_t end = 0;
    std::int64_t first_end = 0;          // what had arrived before we looked
    std::int64_t committed = kNoCommit;  // the last one known, also when it is gone
    SteadyTime committed_since{};        // when that value was first seen
    std::uint32_t life = 0;              // as in EndHistory; 0: not seen yet
    bool tail_ignored = false;           // of these values of end and committed
    Backlog backlog = Backlog::kNone;
    bool gone = false;  // the commit
  };
  // The partition that was hot last. It gets more than others for as long as its keys are as they are.
  struct Heavy {
    std::string topic;
    int partition = 0;
    Duration watched{};
    Rate arrival, beside;  // of it, and of all others together
  };
  struct Topic {
    std::string name;
    std::vector<Partition> partitions;
    std::optional<SteadyTime> taken;  // of the sample before
    Rate arrival, consumption;
  };
  std::vector<Topic> topics;                // by name
  std::optional<SteadyTime> last_consumed;  // when a commit last went on
  std::optional<SteadyTime> last_known;     // of the sample before, when all of its lag was known
  std::optional<Heavy> heavy;

  Topic& of(std::string_view topic);  // until the next one is made
};

}  // namespace penstock::scaling
