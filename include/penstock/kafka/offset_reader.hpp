// One tick of one platform for the scaler: all groups' commits, all partitions' ends and starts, all groups' states.
#pragma once
#include <penstock/base/reading.hpp>
#include <penstock/kafka/traffic.hpp>
#include <penstock/kafka/types.hpp>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <unordered_map>

namespace penstock::kafka {

// Asks for the first offset whose record has this time or a later one.
struct Probe {
  std::string topic;
  int partition = 0;
  WallTime time{};
  bool operator==(const Probe&) const = default;
};

struct SamplePlan {
  struct Group {
    std::string id;
    std::set<std::string> topics;
    bool committed_topics = false;  // also every topic that it has committed to
    // Which ends its topics are wanted with: high watermarks, last stable offsets.
    bool ends = false, stable_ends = false;
  };
  std::vector<Group> groups;       // an id once
  std::vector<Probe> probes;       // a partition once
  std::set<std::string> doubtful;  // topics to look up again whatever is remembered of them
};

// Topic → its partitions that a member has, ascending.
using Assignment = std::map<std::string, std::vector<int>>;

struct GroupInfo {
  std::string type;  // Classic, Consumer, Share, Streams; empty when unknown
  // Kafka's name: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead, Assigning, Reconciling, NotReady. A
  // group that does not exist is Dead.
  std::string state;
  std::string assignor;
  int members = 0;
  // Null: nothing is assigned, or nobody knows. Shared by samples as long as it stays the same.
  std::shared_ptr<const Assignment> assigned;
  int tasks = 0;  // that a Streams group shares out among its members; 0: of another type, or not known
};

struct TopicSample {
  std::string id;  // 22 characters of base64url; empty where the cluster has no topic ids
  // One for each partition; what is not wanted is not read, and stable_ends is empty unless it is wanted.
  std::vector<Reading> ends, stable_ends, starts;
};

struct GroupSample {
  Result<GroupInfo> info = std::unexpected(kNotRead);
  Result<void> commits = std::unexpected(kNotRead);  // an error: nothing is known of any commit
  // Topic → by partition; kNoCommit where there is none, as in a topic or a partition that is not in it.
  // Of a share group, which commits nothing: the first record that is not done with, or the end less the lag that the
  // broker knows.
  std::map<std::string, std::vector<Reading>> committed;
  // Topic → partitions, ascending, of which the broker does not know the lag of a share group: records beyond the first
  // that is not done with may be done with as well (before KIP-1226).
  std::map<std::string, std::vector<int>> approximate;
};

struct ProbeAnswer {
  Probe probe;
  Reading offset;                       // kNoOffset: every record is older than the time
  std::optional<WallTime> record_time;  // of the record at that offset, as the broker has it; unset when not told
};

// Readings point into `errors`, which is why a sample moves and is never copied.
struct Sample {
  Sample() = default;
  Sample(Sample&&) = default;
  Sample& operator=(Sample&&) = default;
  ~Sample() = default;

  Reading fail(Error error) { return Reading::failed(errors.emplace_back(std::move(error))); }

  SteadyTime taken{};
  WallTime wall{};  // of the same moment
  // Every topic of the plan. One that does not exist is an error here, so that it is never an empty sum.
  std::unordered_map<std::string, Result<TopicSample>> topics;
  std::unordered_map<std::string, GroupSample> groups;  // every group of the plan
  std::vector<ProbeAnswer> probes;                      // those that were answered, in any order
  std::deque<Error> errors;
};

class OffsetReader {
 public:
  virtual ~OffsetReader() = default;
  // One caller at a time. An error only when nothing at all could be read; else each item has its own.
  virtual Result<Sample> read(const SamplePlan& plan, Duration timeout, std::stop_token stop) = 0;
  // Between reads: by all of them so far.
  virtual Traffic traffic() const = 0;
};

// kInvalid for settings that can't be right. Connects lazily: an address where nobody answers, and credentials that are
// refused, show in the first read. The clock outlives the reader.
Result<std::unique_ptr<OffsetReader>> open_offset_reader(const Connection& connection, const std::string& client_id,
                                                         const Clock& clock);

}  // namespace penstock::kafka
