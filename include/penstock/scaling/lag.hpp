// From offsets to lag: pure arithmetic over one sample of one consumer group. An error is never a number: if any
// partition's lag is unknown, so is the sum.
#pragma once
#include <penstock/api/consumer_scaler.hpp>
#include <penstock/base/error.hpp>
#include <penstock/scaling/history.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::scaling {

struct GroupState {
  bool known = false;  // the group could be described
  std::string type, state, assignor;
  int members = 0;
  int tasks = 0;  // of a Streams group; 0: not known
  bool rebalancing() const;
};

// What was read of one topic for one group. Views: of a sample that outlives the call.
struct TopicInput {
  std::string_view name;
  const Error* error = nullptr;  // why nothing else is known
  // By partition. Ends: high watermarks, or last stable offsets when the spec says read_committed. Partitions beyond
  // `committed` have no commit.
  std::span<const Reading> ends, starts, committed;
  std::span<const int> assigned;  // partitions that a member has, ascending
  // Partitions of a share group that may have less lag than the commit says, ascending.
  std::span<const int> approximate;
  EndHistory* history = nullptr;  // of these ends; has observed this sample
};

struct GroupInput {
  SteadyTime taken{};
  const Error* error = nullptr;  // why none of the group's commits are known
  GroupState group;
  std::span<const TopicInput> topics;  // by name
  bool by_partition = false;           // whether the lag of each partition is asked for
};

// A record whose age is not known well enough.
struct OpenAge {
  std::string_view topic;  // of the input
  int partition = 0;
  Age age;
};

struct TopicLag {
  std::string name;
  int partitions = 0;
  int known = 0;         // of the partitions, those whose lag is known
  std::int64_t lag = 0;  // of these
  api::Delay delay;      // of the oldest record that waits in these
  // Records a second, smoothed over the spec's window; unset at the first sight.
  std::optional<double> arrival_rate, consumption_rate;
  std::vector<std::int64_t> by_partition;  // lags when asked for; kUnknown where one is not known
  static constexpr std::int64_t kUnknown = -1;
  bool complete() const { return known == partitions; }
  bool operator==(const TopicLag&) const = default;
};

// The partition on which more than half of the lag lies, and more than one replica should have.
struct HotPartition {
  std::string_view topic;  // of the input
  int partition = 0;
  std::int64_t lag = 0;
};

// A partition that was hot and still gets what it gets, hot or not.
struct HeavyPartition {
  std::string topic;
  int partition = 0;
  double arrival_rate = 0;    // records a second, of the last seconds
  double beside = 0;          // the same of all other partitions together
  bool backlogged = false;    // records waited for long throughout, since the sample before
  std::int64_t consumed = 0;  // since then
  bool caught_up = false;     // a commit has just left next to nothing
};

// What was consumed since the sample before.
struct Progress {
  std::int64_t consumed = 0;  // records
  Duration elapsed{};
  int assigned = 0;                      // partitions that a member has
  int backlogged = 0;                    // partitions on which records waited for long throughout
  std::int64_t consumed_backlogged = 0;  // of these
  int long_backlogged = 0;               // those of them where the last commit left them for two commit intervals
};

struct Lag {
  // Set only when every partition's lag is known.
  std::optional<std::int64_t> total;                     // as a person would count it
  std::optional<std::int64_t> waiting;                   // what makes a group active: without ignored tails
  std::optional<std::int64_t> useful;                    // what replicas can help with: without stuck partitions, too
  std::optional<HotPartition> hot;                       // of the useful
  std::optional<HeavyPartition> heavy;                   // the last one that was hot, once it was watched for a while
  std::optional<Progress> progress;                      // set when the sample before was known as well
  std::optional<api::Delay> delay;                       // age of the oldest unconsumed record
  std::optional<double> arrival_rate, consumption_rate;  // records a second, of all topics
  bool arrivals_without_commit = false;
  int partitions = 0;
  int largest_topic = 0;         // partitions of the largest topic
  std::vector<TopicLag> topics;  // those that exist, by name
  std::vector<api::Verdict> verdicts;
  std::vector<OpenAge> open_ages;  // of records that may be the oldest
  // Topics of the input whose commits have just told that they may be others than those that were looked up: one is
  // gone, or lies before the start.
  std::vector<std::string_view> doubtful;
  std::string error;  // why total is unset: which partition, and what the broker said
};

// Updates the past with this sample.
Lag compute_lag(const GroupInput& input, GroupPast& past, const api::ConsumerScalerSpec& spec);

}  // namespace penstock::scaling
