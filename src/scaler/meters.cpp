#include <penstock/base/metrics.hpp>
#include <penstock/scaler/meters.hpp>

#include <map>
#include <mutex>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace penstock::scaler {
namespace {

using Labels = std::map<std::string, std::string>;

prometheus::Family<prometheus::Gauge>& gauges(const std::string& name, const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics::registry());
}

// One gauge that is there only while its value is known.
class Series {
 public:
  void set(prometheus::Family<prometheus::Gauge>& family, const Labels& labels, std::optional<double> value) {
    if (value && !gauge_) gauge_ = &family.Add(labels);
    if (value) {
      gauge_->Set(*value);
    } else {
      clear(family);
    }
  }
  void clear(prometheus::Family<prometheus::Gauge>& family) {
    if (gauge_) family.Remove(gauge_);
    gauge_ = nullptr;
  }

 private:
  prometheus::Gauge* gauge_ = nullptr;
};

}  // namespace

struct Meters::State {
  prometheus::Family<prometheus::Gauge>& lag =
      gauges("penstock_consumer_lag", "Records not yet consumed by the group.");
  prometheus::Family<prometheus::Gauge>& delay =
      gauges("penstock_consumer_delay_seconds",
             "At least the age of the oldest record not yet consumed; absent when unknown.");
  prometheus::Family<prometheus::Gauge>& desired = gauges("penstock_desired_replicas", "Replicas as decided.");
  prometheus::Family<prometheus::Gauge>& cap =
      gauges("penstock_cap", "Replicas that the partitions can feed; absent when there is no cap.");
  prometheus::Family<prometheus::Gauge>& age =
      gauges("penstock_sample_age_seconds", "Age of the platform's last sample when it was decided with.");
  prometheus::Family<prometheus::Histogram>& ticks =
      prometheus::BuildHistogram()
          .Name("penstock_tick_seconds")
          .Help("Time from the start of a platform's tick to the published decisions.")
          .Register(metrics::registry());
  prometheus::Family<prometheus::Counter>& errors = prometheus::BuildCounter()
                                                        .Name("penstock_kafka_errors_total")
                                                        .Help("Reads of a platform that failed as a whole, by code.")
                                                        .Register(metrics::registry());

  struct One {
    Labels labels;
    Series lag, delay, desired, cap;
  };
  void clear(One& one) {
    one.lag.clear(lag);
    one.delay.clear(delay);
    one.desired.clear(desired);
    one.cap.clear(cap);
  }

  std::mutex mutex;
  std::map<k8s::ObjectKey, One> scalers;
  std::map<std::string, Series> ages;
  std::map<std::string, prometheus::Histogram*> tick_of;
};

Meters::Meters() : state_(std::make_unique<State>()) {}
Meters::~Meters() {
  const std::lock_guard lock(state_->mutex);
  for (auto& [key, one] : state_->scalers) state_->clear(one);
  for (auto& [platform, series] : state_->ages) series.clear(state_->age);
  for (auto& [platform, ticks] : state_->tick_of) state_->ticks.Remove(ticks);
}

void Meters::on(const Board::Change& change) {
  const std::lock_guard lock(state_->mutex);
  for (const EntryPtr& entry : change.removed) gone(*entry);
  for (const EntryPtr& entry : change.changed) decided(*entry);
}

void Meters::decided(const Entry& entry) {
  State& s = *state_;
  State::One& one = s.scalers[entry.key];
  if (one.labels.empty() || one.labels.at("group") != entry.group_id) {
    s.clear(one);
    one.labels = {{"namespace", entry.key.ns}, {"scaler", entry.key.name}, {"group", entry.group_id}};
  }
  const auto& decision = entry.decision;
  using Value = std::optional<double>;
  one.lag.set(s.lag, one.labels, entry.lag ? Value(static_cast<double>(*entry.lag)) : std::nullopt);
  one.delay.set(s.delay, one.labels,
                entry.delay ? Value(static_cast<double>(entry.delay->age.count()) / 1e3) : std::nullopt);
  one.desired.set(s.desired, one.labels, decision.known ? Value(decision.desired) : std::nullopt);
  one.cap.set(s.cap, one.labels, decision.cap > 0 ? Value(decision.cap) : std::nullopt);
}

void Meters::gone(const Entry& entry) {
  const auto found = state_->scalers.find(entry.key);
  if (found == state_->scalers.end()) return;
  state_->clear(found->second);
  state_->scalers.erase(found);
}

void Meters::ticked(const std::string& platform, Duration took) {
  const std::lock_guard lock(state_->mutex);
  prometheus::Histogram*& ticks = state_->tick_of[platform];
  if (!ticks)
    ticks = &state_->ticks.Add({{"platform", platform}},
                               prometheus::Histogram::BucketBoundaries{0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5});
  ticks->Observe(std::chrono::duration<double>(took).count());
}

void Meters::sampled(const std::string& platform, SteadyTime taken, SteadyTime now) {
  const std::lock_guard lock(state_->mutex);
  state_->ages[platform].set(state_->age, {{"platform", platform}}, std::chrono::duration<double>(now - taken).count());
}

void Meters::failed(const std::string& platform, const Error& error) {
  const std::lock_guard lock(state_->mutex);
  state_->errors.Add({{"platform", platform}, {"code", std::string(to_string(error.code))}}).Increment();
}

void Meters::platform_gone(const std::string& platform) {
  const std::lock_guard lock(state_->mutex);
  if (const auto found = state_->ages.find(platform); found != state_->ages.end()) {
    found->second.clear(state_->age);
    state_->ages.erase(found);
  }
  if (const auto found = state_->tick_of.find(platform); found != state_->tick_of.end()) {
    state_->ticks.Remove(found->second);
    state_->tick_of.erase(found);
  }
}

}  // namespace penstock::scaler
