#include <penstock/scaling/behavior.hpp>
#include <penstock/scaling/decision.hpp>
#include <penstock/simulation/loop.hpp>

#include <algorithm>
#include <cmath>
#include <deque>

namespace penstock::simulation {
namespace {

// What the autoscaler is told.
struct Told {
  int desired = 0;
  double metric = 0, target = 1;
  bool active = false, known = false;
  scaling::Range range;
  double tolerance = 0.1;
  std::vector<api::Verdict> verdicts;
};

class Brain {
 public:
  virtual ~Brain() = default;
  virtual Told tell(Consumers& consumers, int replicas, int ideal) = 0;
  // Replicas after leaving or reaching 0; the same number when neither is due.
  virtual int wake_or_sleep(const Told& told, int replicas) = 0;
};

class Penstock final : public Brain {
 public:
  explicit Penstock(const api::ConsumerScalerSpec& spec) : spec_(spec) {}

  Told tell(Consumers& consumers, int replicas, int) override {
    scaling::Lag lag = consumers.read(spec_);
    const auto decision =
        scaling::decide(lag, consumers.group(), spec_, {replicas, hpa_desired_}, memory_, consumers.now());
    memory_ = decision.memory;
    hpa_desired_ = replicas;
    Told told;
    told.desired = decision.desired;
    told.metric = decision.metric;
    told.target = static_cast<double>(spec_.metric_target());
    told.active = decision.active;
    told.known = decision.known;
    told.range = scaling::range_of(spec_, decision.cap);
    told.tolerance = 0;
    told.verdicts = std::move(lag.verdicts);
    return told;
  }
  int wake_or_sleep(const Told& told, int replicas) override {
    if (spec_.min_replicas > 0 || !told.known) return replicas;
    if (replicas == 0 && told.active) return scaling::first_replicas(spec_, told.desired, told.range);
    return replicas > 0 && !told.active && told.desired == 0 ? 0 : replicas;
  }

 private:
  const api::ConsumerScalerSpec& spec_;
  scaling::Memory memory_;
  std::optional<int> hpa_desired_;
};

// As KEDA 2.21 documents its kafka scaler: the sum of the lag, cut at a threshold for each partition.
class Keda final : public Brain {
 public:
  explicit Keda(const Scenario& scenario) : spec_(scenario.spec) {}

  Told tell(Consumers& consumers, int, int) override {
    now_ = consumers.now();
    const scaling::Lag lag = consumers.read(spec_);
    Told told;
    told.known = true;
    told.target = static_cast<double>(spec_.metric_target());
    const auto total = static_cast<double>(lag.total.value_or(0));
    told.metric = std::min(total, told.target * lag.partitions);
    told.desired = static_cast<int>(std::ceil(told.metric / told.target));
    told.active = total > static_cast<double>(spec_.activation_lag_threshold);
    told.range = scaling::range_of(spec_, 0);
    return told;
  }
  int wake_or_sleep(const Told& told, int replicas) override {
    constexpr Duration kPolling = 30s;
    if (spec_.min_replicas > 0 || now_ - polled_ < kPolling) return replicas;
    polled_ = now_;
    if (told.active) active_ = now_;
    if (replicas == 0 && told.active) return 1;
    return replicas > 0 && !told.active && now_ - active_ >= spec_.cooldown ? 0 : replicas;
  }

 private:
  const api::ConsumerScalerSpec& spec_;
  SteadyTime now_{}, polled_{}, active_{};
};

class Oracle final : public Brain {
 public:
  explicit Oracle(const api::ConsumerScalerSpec& spec) : spec_(spec) {}

  Told tell(Consumers&, int, int ideal) override {
    Told told;
    told.known = true;
    told.desired = ideal;
    told.metric = told.desired;
    told.active = told.desired > 0;
    told.range = scaling::range_of(spec_, 0);
    told.tolerance = 0;
    return told;
  }
  int wake_or_sleep(const Told& told, int replicas) override {
    if (!told.active) return 0;
    return replicas == 0 ? std::min(told.desired, told.range.max) : replicas;
  }

 private:
  const api::ConsumerScalerSpec& spec_;
};

class Loop {
 public:
  Loop(const Scenario& scenario, Rule rule)
      : s_(scenario), consumers_(scenario.world), replicas_(scenario.replicas.value_or(ideal(0s, scenario.load(0s)))) {
    switch (rule) {
      case Rule::kPenstock:
        brain_ = std::make_unique<Penstock>(scenario.spec);
        break;
      case Rule::kKeda:
        brain_ = std::make_unique<Keda>(scenario);
        break;
      case Rule::kOracle:
        brain_ = std::make_unique<Oracle>(scenario.spec);
        break;
    }
    behavior_ = scaling::behavior_of(scenario.spec.behavior);
  }

  Outcome run() {
    // Whoever starts finds the group at work.
    for (Duration warm = 0s; warm < s_.world.startup + s_.world.rebalance; warm += 1s) consumers_.step(0, replicas_);
    for (Duration at = 0s; at < s_.length; at += 1s) second(at);
    out_.lost = consumers_.lost();
    return std::move(out_);
  }

 private:
  void second(Duration at) {
    if (const auto grown = s_.growth.find(at); grown != s_.growth.end()) consumers_.grow(grown->second);
    const double load = s_.load(at);
    consumers_.step(load, replicas_);
    const int ideal = this->ideal(at, load);
    const Told told = brain_->tell(consumers_, replicas_, ideal);
    for (const api::Verdict& verdict : told.verdicts) out_.reasons.try_emplace(verdict.type, verdict.message);
    set_replicas(brain_->wake_or_sleep(told, replicas_));
    if (at % s_.hpa_period == 0s && replicas_ > 0 && told.known) autoscale(told);
    count(at, load, told, ideal);
  }

  // What the load needs, and what the spec asks to keep.
  int ideal(Duration at, double load) {
    if (load > 0) loaded_ = at;
    const bool kept = loaded_ && at - *loaded_ < s_.spec.cooldown;
    return std::max({consumers_.ideal(load), s_.spec.min_replicas, kept ? 1 : 0});
  }

  // kube-controller-manager's arithmetic for an External metric with an AverageValue.
  void autoscale(const Told& told) {
    const double ratio = told.metric / (told.target * replicas_);
    const int recommended =
        std::abs(ratio - 1) <= told.tolerance ? replicas_ : static_cast<int>(std::ceil(told.metric / told.target));
    const int from = replicas_;
    set_replicas(past_.allowed(behavior_, replicas_, recommended, told.range.min, told.range.max, consumers_.now()));
    past_.scaled(from, replicas_, consumers_.now());
  }

  void set_replicas(int wanted) {
    if (wanted == replicas_) return;
    const SteadyTime now = consumers_.now();
    const bool up = wanted > replicas_;
    ++out_.scalings;
    if (changed_ && changed_->up != up && now - changed_->at < 10min) ++out_.reversals;
    changed_ = {now, up};
    replicas_ = wanted;
  }

  void count(Duration at, double load, const Told& told, int ideal) {
    out_.moments.push_back({at, load, consumers_.lag(), consumers_.delay(), told.desired, replicas_, ideal});
    if (consumers_.delay() > s_.slo) out_.missed_minutes += 1.0 / 60;
    out_.replica_hours += replicas_ / 3600.0;
    out_.ideal_hours += ideal / 3600.0;
    out_.highest = std::max(out_.highest, replicas_);
  }

  struct Change {
    SteadyTime at;
    bool up;
  };
  const Scenario& s_;
  Consumers consumers_;
  std::optional<Duration> loaded_;  // when records last arrived
  int replicas_;
  std::unique_ptr<Brain> brain_;
  scaling::Behavior behavior_;
  scaling::BehaviorPast past_;
  std::optional<Change> changed_;
  Outcome out_;
};

}  // namespace

Outcome run(const Scenario& scenario, Rule rule) {
  return Loop(scenario, rule).run();
}

}  // namespace penstock::simulation
