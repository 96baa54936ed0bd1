#include "steps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::scaling {
namespace {

// kube-controller-manager's --horizontal-pod-autoscaler-tolerance, and a little more for its rounding to thousandths.
constexpr double kHpaTolerance = 0.1 + 0.001;

}  // namespace

int ceil_div(int a, int b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

Bounds bounds_of(const api::ConsumerScalerSpec& spec, int cap) {
  Bounds bounds{spec.min_replicas, std::numeric_limits<int>::max(), ""};
  if (spec.max_replicas) bounds = {spec.min_replicas, *spec.max_replicas, "MaxReplicas"};
  if (cap > 0 && cap <= bounds.upper) {
    bounds.upper = cap;
    bounds.upper_name = "Partitions";
  }
  bounds.lower = std::min(bounds.lower, bounds.upper);
  return bounds;
}

int feedable_members(const Lag& lag, const std::string& assignor, int tasks) {
  if (tasks > 0) return tasks;
  // Kafka's range and the classic Streams assignor give member n the n-th share of every topic; from the largest
  // topic's partition count on, a further member gets nothing.
  return assignor == "range" || assignor == "stream" ? lag.largest_topic : lag.partitions;
}

int feedable_replicas(const Lag& lag, const std::string& assignor, int tasks, const api::ConsumerScalerSpec& spec) {
  if (!spec.cap_to_partitions) return 0;
  return ceil_div(feedable_members(lag, assignor, tasks), std::max(spec.consumers_per_replica, 1));
}

int replicas_for(std::int64_t lag, std::int64_t threshold) {
  threshold = std::max<std::int64_t>(threshold, 1);
  const std::int64_t need = lag / threshold + (lag % threshold != 0 ? 1 : 0);
  return static_cast<int>(std::min<std::int64_t>(need, std::numeric_limits<int>::max()));
}

int even_step(int need, int partitions, int consumers_per_replica) {
  const int most = ceil_div(partitions, consumers_per_replica);
  if (need <= 0 || need >= most) return need;
  const auto fullest = [&](int replicas) { return ceil_div(partitions, replicas * consumers_per_replica); };
  for (int replicas = need; replicas < most; ++replicas)
    if (replicas == 1 || fullest(replicas) < fullest(replicas - 1)) return replicas;
  return most;
}

double metric_for(int desired, std::optional<std::int64_t> useful_lag, const api::ConsumerScalerSpec& spec,
                  const Bounds& bounds, std::optional<int> current_replicas) {
  if (desired <= 0) return 0;
  const auto target = static_cast<double>(spec.metric_target());
  double metric = desired * target;
  if (useful_lag && spec.lag_threshold) {
    // HPA clamps to its own bounds, which are ours but for its minimum of 1.
    const int lands =
        std::clamp(replicas_for(*useful_lag, *spec.lag_threshold), std::max(bounds.lower, 1), bounds.upper);
    if (lands == desired) metric = static_cast<double>(*useful_lag);
  }
  // Inside its tolerance HPA would stay below its maximum. Its maximum holds it there, so more than enough is exact.
  if (desired == bounds.upper && current_replicas && *current_replicas > 0 && *current_replicas < desired) {
    const double past_tolerance = *current_replicas * target * (1 + kHpaTolerance);
    if (metric <= past_tolerance) metric = std::max(std::ceil(past_tolerance), desired * target);
  }
  return metric;
}

}  // namespace penstock::scaling
