#include <penstock/base/metrics.hpp>
#include <penstock/runtime/work_queue.hpp>

#include <algorithm>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace penstock::runtime {

namespace {

// client-go's buckets, as far as our clock's milliseconds can tell them apart.
const prometheus::Histogram::BucketBoundaries kBuckets{1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};

}  // namespace

struct WorkQueue::Meters {
  explicit Meters(const std::string& name) : labels{{"name", name}, {"controller", name}} {}

  prometheus::Gauge& gauge(const char* name, const char* help) const {
    return prometheus::BuildGauge().Name(name).Help(help).Register(metrics::registry()).Add(labels);
  }
  prometheus::Counter& counter(const char* name, const char* help) const {
    return prometheus::BuildCounter().Name(name).Help(help).Register(metrics::registry()).Add(labels);
  }
  prometheus::Histogram& histogram(const char* name, const char* help) const {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(metrics::registry()).Add(labels, kBuckets);
  }

  prometheus::Labels labels;
  prometheus::Gauge& depth = gauge("workqueue_depth", "Keys that are due and not yet worked on");
  prometheus::Counter& adds = counter("workqueue_adds_total", "Keys that became due");
  prometheus::Histogram& queued =
      histogram("workqueue_queue_duration_seconds", "How long a due key waited for a worker");
  prometheus::Histogram& worked = histogram("workqueue_work_duration_seconds", "How long the work on a key took");
};

WorkQueue::WorkQueue(const Clock& clock, const std::string& name)
    : clock_(clock), meters_(name.empty() ? nullptr : std::make_unique<Meters>(name)) {}

WorkQueue::~WorkQueue() = default;

void WorkQueue::add_after(const k8s::ObjectKey& key, Duration delay) {
  // A year is for ever, and can be added to any time without overflow.
  const SteadyTime when = clock_.now() + std::clamp<Duration>(delay, Duration{0}, std::chrono::hours(24 * 365));
  std::lock_guard lock(mutex_);
  if (working_.contains(key)) {
    const auto [entry, fresh] = again_.try_emplace(key, when);
    if (!fresh) entry->second = std::min(entry->second, when);
    return;
  }
  put(key, when);
}

void WorkQueue::put(const k8s::ObjectKey& key, SteadyTime when) {
  const auto [entry, fresh] = waiting_.try_emplace(key, when);
  if (!fresh) {
    if (entry->second <= when) return;
    if (later_.erase({entry->second, key}) == 0) ready_.erase({entry->second, key});
    entry->second = when;
  }
  later_.emplace(when, key);
  promote(clock_.now());
  wake_.notify_all();
}

void WorkQueue::promote(SteadyTime now) {
  while (!later_.empty() && later_.begin()->first <= now) {
    ready_.insert(later_.extract(later_.begin()));
    if (meters_) meters_->adds.Increment();
  }
  if (meters_) meters_->depth.Set(static_cast<double>(ready_.size()));
}

std::optional<k8s::ObjectKey> WorkQueue::pop_due() {
  const SteadyTime now = clock_.now();
  promote(now);
  if (ready_.empty()) return std::nullopt;
  auto [due, key] = std::move(ready_.extract(ready_.begin()).value());
  waiting_.erase(key);
  working_.emplace(key, now);
  if (meters_) {
    meters_->depth.Set(static_cast<double>(ready_.size()));
    meters_->queued.Observe(seconds(now - due));
  }
  return key;
}

std::optional<k8s::ObjectKey> WorkQueue::take(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (auto key = pop_due()) return key;
    if (later_.empty()) {
      wake_.wait(lock, stop, [this] { return !later_.empty() || !ready_.empty(); });
      continue;
    }
    const SteadyTime first = later_.begin()->first;
    const auto changed = [&] { return !ready_.empty() || later_.empty() || later_.begin()->first != first; };
    wake_.wait_for(lock, stop, first - clock_.now(), changed);
  }
  return std::nullopt;
}

std::optional<k8s::ObjectKey> WorkQueue::try_take() {
  std::lock_guard lock(mutex_);
  return pop_due();
}

void WorkQueue::done(const k8s::ObjectKey& key) {
  std::lock_guard lock(mutex_);
  const auto work = working_.extract(key);
  if (work.empty()) return;
  if (meters_) meters_->worked.Observe(seconds(clock_.now() - work.mapped()));
  if (const auto again = again_.extract(key); !again.empty()) put(key, again.mapped());
}

std::size_t WorkQueue::size() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace penstock::runtime
