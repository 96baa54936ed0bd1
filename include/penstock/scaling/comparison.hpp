// What Penstock's replicas would have been beside those that somebody else's autoscaler gave the workload. The decision
// is made a second time, with these replicas for the current ones: the one that is published holds the other
// autoscaler's during rebalances, and moves them by one only when it is meant. The rules of `behavior`, and those from
// and to 0, are the Direct engine's. Bounded; no clock; one thread.
#pragma once
#include <penstock/scaling/behavior.hpp>
#include <penstock/scaling/decision.hpp>

#include <optional>
#include <string>
#include <vector>

namespace penstock::scaling {

// One of the two, over the time in which both were known.
struct Side {
  double replica_seconds = 0;
  int changes = 0;  // of the number of replicas
  int most = 0;     // replicas
  bool operator==(const Side&) const = default;
};

// A time in which one of the two had more replicas throughout.
struct Difference {
  WallTime from{};
  Duration length{};
  bool goes_on = false;
  double replica_seconds = 0;  // of difference
  // At the first moment at which the two were farthest apart.
  int actual = 0, penstock = 0;
  std::optional<std::int64_t> lag;  // records
  std::optional<api::Delay> delay;  // of the oldest record
  std::string reason;               // why Penstock would have had its number
};

struct Compared {
  WallTime since{};
  Duration known{};  // for how long both numbers were known: the others are of that time
  Side actual, penstock;
  // With the actual replicas: for how long the oldest record was older than delayThreshold or, where the spec has none,
  // each replica had more of the lag than lagThreshold. A workload at 0 may have activationLagThreshold.
  Duration missed{};
  std::optional<Duration> delay_threshold;
  std::optional<std::int64_t> lag_threshold;  // records
  std::vector<Difference> differences;        // the largest by replica-seconds, largest first
};

class Comparison {
 public:
  static constexpr std::size_t kMostDifferences = 10;

  // Of one spec, which is what the numbers are about. memory: of the decisions so far, for what they have learned.
  Comparison(api::ConsumerScalerSpec spec, Memory memory, WallTime since);

  // Once a tick, whatever is known. The actual replicas stay what they are until the next tick.
  void observe(const Lag& lag, const GroupState& group, const Workload& workload, SteadyTime now, WallTime wall);
  Compared result() const;

 private:
  // Of the last tick, when both numbers were known.
  struct Instant {
    SteadyTime at;
    int actual, penstock;
    bool missed;
  };
  int moved(const Decision& decision, SteadyTime now);
  bool misses(const Lag& lag, int actual) const;
  void pass(SteadyTime now);
  void count(const Instant& is);
  void differ(const Instant& is, const Decision& decision, const Lag& lag, WallTime wall);
  void close();
  std::string words_of(const Decision& decision) const;

  const api::ConsumerScalerSpec spec_;
  const Behavior behavior_;
  Memory memory_;
  BehaviorPast past_;
  std::optional<int> replicas_;  // that Penstock would have; unset until the actual ones are known
  std::optional<Instant> last_;
  std::optional<std::pair<int, int>> counted_;  // actual and Penstock's replicas when last both were known
  Compared out_;                                // differences: those that are over, in no order
  std::optional<Difference> open_;
};

}  // namespace penstock::scaling
