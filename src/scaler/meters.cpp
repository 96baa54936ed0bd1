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

  std::mutex mutex;
  std::map<std::string, Series> ages;
  std::map<std::string, prometheus::Histogram*> tick_of;
  std::map<std::string, kafka::Traffic> traffic;
};

Meters::Meters(const Board& board)
    : state_(std::make_unique<State>()),
      scalers_([&board](std::string& text) { text += expose(*board.read(), {}); }),
      traffic_([this](std::string& text) {
        const std::lock_guard lock(state_->mutex);
        text += expose(state_->traffic);
      }) {}
Meters::~Meters() {
  const std::lock_guard lock(state_->mutex);
  for (auto& [platform, series] : state_->ages) series.clear(state_->age);
  for (auto& [platform, ticks] : state_->tick_of) state_->ticks.Remove(ticks);
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

void Meters::asked(const std::string& platform, const kafka::Traffic& so_far, const kafka::Traffic& told) {
  const std::lock_guard lock(state_->mutex);
  kafka::Traffic& sum = state_->traffic[platform];
  for (const auto& [api, now] : so_far.apis) {
    const auto before = told.apis.find(api);
    const kafka::Traffic::ByApi none, &old = before == told.apis.end() ? none : before->second;
    auto& its = sum.apis[api];
    its.requests += now.requests - old.requests;
    its.answers += now.answers - old.answers;
    its.latency_seconds += now.latency_seconds - old.latency_seconds;
  }
  for (const auto& [code, now] : so_far.errors) {
    const auto before = told.errors.find(code);
    sum.errors[code] += now - (before == told.errors.end() ? 0 : before->second);
  }
  sum.bytes_in += so_far.bytes_in - told.bytes_in;
  sum.bytes_out += so_far.bytes_out - told.bytes_out;
  sum.connects += so_far.connects - told.connects;
  sum.connect_failures += so_far.connect_failures - told.connect_failures;
}

void Meters::platform_gone(const std::string& platform) {
  const std::lock_guard lock(state_->mutex);
  state_->traffic.erase(platform);
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
