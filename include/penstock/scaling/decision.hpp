// From lag to replicas: the pure function at the heart of Penstock. The result is unstabilised (`behavior` is the
// HPA's), says which bound held and why in words, and the same input gives the same words.
#pragma once
#include <penstock/api/consumer_scaler.hpp>
#include <penstock/scaling/lag.hpp>

#include <optional>
#include <string>
#include <vector>

namespace penstock::scaling {

enum class Freshness { kFresh, kStale, kFallback, kNever };
std::string_view to_string(Freshness freshness);

// What a consumer gets done while it is at its limit. Commits come in steps: a time counts when it is answered.
struct Throughput {
  Rate rate;
  Duration measured{};
  double records = 0;     // since the last answer,
  Duration unanswered{};  // in this time
  bool begun = false;     // an answer has shown where a time begins
  void begin() { records = 0, unanswered = {}, begun = false; }
  bool operator==(const Throughput&) const = default;
};

// What a decision needs of the past; handed in and returned updated.
struct Memory {
  std::optional<SteadyTime> last_good;    // of a sample with a known lag
  std::optional<SteadyTime> last_active;  // lag was above the activation threshold
  std::optional<int> last_desired;
  std::optional<SteadyTime> need_above_since;  // need > current within the dead band, not yet acted on
  std::optional<SteadyTime> need_below_since;
  std::optional<SteadyTime> relief_since;  // the relief of a heavy partition asks for more than there are
  std::string last_assignor;
  bool shares = false;  // the group was last seen to be a share group
  int last_tasks = 0;   // the group was last seen to be a Streams group with so many tasks
  int last_cap = 0;
  std::optional<SteadyTime> started;     // of the first decision
  std::optional<int> published_desired;  // status.desiredReplicas when we started: a young scaler never lowers below it
  std::optional<int> last_current;
  std::optional<SteadyTime> replicas_rose;
  Throughput consumer;                      // of one that has a backlog
  std::optional<SteadyTime> last_lesson;    // when it was last seen
  int lessons = 0;                          // backlogs in which it was seen
  std::optional<double> consumer_capacity;  // records a second, as learned or published
  Throughput heavy_consumer;                // the same of the consumer of a heavy partition
  int members = 0;                          // of the group, while these were measured
  std::optional<double> heavy_capacity;
  bool operator==(const Memory&) const = default;
};

struct Workload {
  std::optional<int> current_replicas;  // of status.currentReplicas
  std::optional<int> hpa_desired;       // HPA.status.desiredReplicas, so that a hold never scales in
  bool unsettled = false;               // brokers of its platform are not ready
};

struct Decision {
  bool known = false;   // false: nothing good to say (never sampled, or an error without fallback); HPA gets an error
  int desired = 0;      // replicas
  bool active = false;  // wants at least one replica
  double metric = 0;    // for AverageValue with the spec's metric_target: HPA's own arithmetic lands on desired
  std::string limited_by;                  // "", MinReplicas, MaxReplicas, Partitions, EvenSpread
  int cap = 0;                             // feedable replicas; 0: no cap
  std::optional<double> replica_capacity;  // records a second of one replica with a backlog
  Freshness freshness = Freshness::kNever;
  std::vector<std::string> reasons;  // each step in a short sentence, in order
  Memory memory;
};

// Memory::published_desired, last_active and consumer_capacity may be set from status before the first call.
Decision decide(const Lag& lag, const GroupState& group, const api::ConsumerScalerSpec& spec, const Workload& workload,
                const Memory& memory, SteadyTime now);

// Replicas that the partitions, or the tasks of a Streams group if it is one, can feed under this spec: 0 for no cap.
// Also what the HPA's maxReplicas derives from.
int feedable_replicas(const Lag& lag, const std::string& assignor, int tasks, const api::ConsumerScalerSpec& spec);

}  // namespace penstock::scaling
