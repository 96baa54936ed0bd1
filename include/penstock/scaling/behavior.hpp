// The rules of a HorizontalPodAutoscaler's `behavior`, as kube-controller-manager applies them: stabilisation windows,
// then policies. For those who scale without one, and to foresee what one does. Pure.
#pragma once
#include <penstock/api/consumer_scaler.hpp>

#include <optional>
#include <vector>

namespace penstock::scaling {

enum class SelectPolicy { kMax, kMin, kDisabled };

struct Policy {
  bool percent = false;  // of the replicas at the beginning of the period, not a number of pods
  int value = 0;
  Duration period{};
};

struct Rules {
  Duration window{};  // of stabilisation
  SelectPolicy select = SelectPolicy::kMax;
  std::vector<Policy> policies;
  std::optional<double> tolerance;  // a part of the replicas by which a recommendation may differ without effect
};

struct Behavior {
  Rules up, down;
};

// Of a spec's `behavior`; what it leaves out is autoscaling/v2's default.
Behavior behavior_of(const Json& behavior);

inline constexpr int kDefaultMaximum = 100;  // maxReplicas where neither the spec nor the partitions say

// Replicas between which an autoscaler may move; it neither leaves 0 nor goes there.
struct Range {
  int min = 1, max = 1;
};
Range range_of(const api::ConsumerScalerSpec& spec, int cap);  // cap: what the partitions can feed; 0: nothing is known

// The replicas with which a workload that sleeps at 0 wakes.
int first_replicas(const api::ConsumerScalerSpec& spec, int desired, const Range& range);

// What was recommended and done lately; nothing older than the rules look back is kept.
class BehaviorPast {
 public:
  // The replicas that the rules allow now on the way from `current` to `recommended`, within the bounds. Once for each
  // recommendation, in the order of time.
  int allowed(const Behavior& behavior, int current, int recommended, int min, int max, SteadyTime now);
  // Somebody did it.
  void scaled(int from, int to, SteadyTime now);

 private:
  struct Step {
    SteadyTime time;
    int replicas;  // recommended, or changed by
  };
  int stabilised(const Behavior& behavior, int current, int recommended, SteadyTime now);
  int highest(const Rules& rules, int current, SteadyTime now) const;
  int lowest(const Rules& rules, int current, SteadyTime now) const;
  int at_start(const Policy& policy, int current, SteadyTime now) const;

  std::vector<Step> recommended_, up_, down_;
  bool begun_ = false;
};

}  // namespace penstock::scaling
