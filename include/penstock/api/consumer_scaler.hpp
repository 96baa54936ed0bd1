// ConsumerScaler: a workload whose replicas follow the lag of its consumer group, never above what the partitions feed.
#pragma once
#include <penstock/api/meta.hpp>

namespace penstock::api {

enum class Engine { kAuto, kNative, kKeda, kDirect };
enum class Mode { kScale, kObserve };
enum class OffsetReset { kLatest, kEarliest, kNone };
enum class FallbackPolicy { kStatic, kCurrent, kCurrentIfHigher };
std::string_view to_string(Engine engine);

struct ScaleTarget {
  std::string api_version, kind, name;
  bool operator==(const ScaleTarget&) const = default;
};

struct Fallback {
  Duration after = 3min;
  int replicas = 1;
  FallbackPolicy policy = FallbackPolicy::kStatic;
  bool operator==(const Fallback&) const = default;
};

struct ConsumerScalerSpec {
  PlatformRef platform;
  ScaleTarget target;
  std::string consumer_group;
  std::vector<std::string> topics;  // empty: every topic that the group has committed to
  // At least one of the two is set.
  std::optional<std::int64_t> lag_threshold;  // records of lag that one replica may have
  std::optional<Duration> delay_threshold;    // how old the oldest record that waits may get
  std::int64_t activation_lag_threshold = 0;  // active while lag > this
  int min_replicas = 1;
  std::optional<int> max_replicas;
  bool cap_to_partitions = true;
  int consumers_per_replica = 1;
  bool even_spread = false;
  bool count_tail = false;
  OffsetReset offset_reset = OffsetReset::kLatest;
  bool read_committed = false;  // isolation
  Duration cooldown = 5min;
  Duration window = 1min;
  Duration startup = 30s;          // how long a new replica takes until it consumes, at most
  Json behavior = Json::object();  // as in autoscaling/v2
  std::optional<Fallback> fallback;
  bool hold_during_rebalance = true;
  Engine engine = Engine::kAuto;
  Mode mode = Mode::kScale;
  bool operator==(const ConsumerScalerSpec&) const = default;

  // What one replica means to an autoscaler with an AverageValue: records of lag, or itself where only the delay
  // counts.
  std::int64_t metric_target() const { return lag_threshold.value_or(1); }
};

struct GroupStatus {
  std::string type, state, assignor;
  int members = 0;
  bool operator==(const GroupStatus&) const = default;
};

struct Verdict {
  std::string type;  // OffsetInvalid, TailIgnored, …
  std::string topic;
  std::vector<int> partitions;
  std::string message;
  bool operator==(const Verdict&) const = default;
};

struct DecisionRecord {
  WallTime time{};
  std::optional<std::int64_t> lag;
  int from = 0, to = 0;
  std::string limited_by, reason;
  bool operator==(const DecisionRecord&) const = default;
};

// The age of the oldest record that was not consumed yet.
struct Delay {
  Duration age{};
  bool at_least = false;  // it may be older
  bool operator==(const Delay&) const = default;
};
// "1m30s"; "≥ 1m30s" when it may be older.
std::string to_string(const Delay& delay);
std::optional<Delay> parse_delay(std::string_view text);

// Records a second, to three digits that count: "0.25", "12.5", "1250".
std::string format_rate(double per_second);
std::optional<double> parse_rate(std::string_view text);

struct ConsumerScalerStatus {
  std::int64_t observed_generation = 0;
  Conditions conditions;
  std::optional<std::int64_t> lag;  // records
  std::optional<Delay> delay;
  std::optional<double> arrival_rate, consumption_rate, replica_capacity;  // records a second
  std::optional<int> partitions, cap, current_replicas, desired_replicas;
  std::optional<bool> active;
  std::string limited_by;
  std::optional<Engine> engine;  // the one in use
  std::string engine_reason;     // why Auto chose it
  std::optional<GroupStatus> group;
  std::vector<Verdict> verdicts;
  std::vector<DecisionRecord> decisions;  // the last 10, newest first
  std::optional<WallTime> last_active;
  std::vector<std::string> plan;
  bool operator==(const ConsumerScalerStatus&) const = default;
};

struct ConsumerScaler {
  static constexpr std::string_view kKind = "ConsumerScaler";
  Meta meta;
  ConsumerScalerSpec spec;
  ConsumerScalerStatus status;
  bool operator==(const ConsumerScaler&) const = default;
};

Result<ConsumerScaler> parse_consumer_scaler(const Json& object);
Json print(const ConsumerScaler& scaler);
Json print_status(const ConsumerScalerStatus& status);

}  // namespace penstock::api
