#include "controller_meters.hpp"

#include <penstock/base/log.hpp>
#include <penstock/runtime/controller.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <random>
#include <thread>
#include <vector>

namespace penstock::runtime {

namespace {

// A random UUID (RFC 9562, version 4).
std::string make_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const std::uint64_t high = (random() & ~0xf000ULL) | 0x4000ULL;
  const std::uint64_t low = (random() & ~(0x3ULL << 62)) | (0x2ULL << 62);
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08llx-%04llx-%04llx-%04llx-%012llx",
                static_cast<unsigned long long>(high >> 32), static_cast<unsigned long long>(high >> 16 & 0xffff),
                static_cast<unsigned long long>(high & 0xffff), static_cast<unsigned long long>(low >> 48),
                static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text.data();
}

}  // namespace

Controller::Controller(ControllerOptions options, Reconcile reconcile, const Clock& clock)
    : options_(std::move(options)),
      reconcile_(std::move(reconcile)),
      clock_(clock),
      queue_(clock, options_.name),
      meters_(std::make_unique<Meters>(options_.name)) {
  meters_->max_workers.Set(options_.workers);
}

Controller::~Controller() = default;

void Controller::run(std::stop_token stop) {
  std::vector<std::jthread> workers;
  for (int i = 0; i < options_.workers; ++i)
    workers.emplace_back([this, stop] {
      while (const auto key = queue_.take(stop)) handle(*key, stop);
    });
}

bool Controller::step(std::stop_token stop) {
  const auto key = queue_.try_take();
  if (key) handle(*key, std::move(stop));
  return key.has_value();
}

void Controller::handle(const k8s::ObjectKey& key, std::stop_token stop) {
  ReconcileContext context{make_id(), std::move(stop)};
  const SteadyTime began = clock_.now();
  meters_->active_workers.Increment();
  const Result<Outcome> result = guarded(key, context);
  meters_->active_workers.Decrement();
  meters_->time.Observe(std::chrono::duration<double>(clock_.now() - began).count());
  if (result)
    succeeded(key, *result);
  else
    failed(key, context, result.error());
  queue_.done(key);
}

Result<Outcome> Controller::guarded(const k8s::ObjectKey& key, ReconcileContext& context) {
  try {
    return reconcile_(key, context);
  } catch (const std::exception& error) {
    meters_->panics.Increment();
    return fail(Code::kInternal, std::string("an unexpected exception: ") + error.what());
  }
}

void Controller::succeeded(const k8s::ObjectKey& key, const Outcome& outcome) {
  forget(key);
  if (outcome.requeue_after) {
    meters_->requeue_after.Increment();
    queue_.add_after(key, *outcome.requeue_after);
  } else {
    meters_->success.Increment();
  }
}

void Controller::failed(const k8s::ObjectKey& key, const ReconcileContext& context, const Error& error) {
  // A reconcile that our own stop cut short has not failed.
  if (error.code == Code::kCancelled && context.stop.stop_requested()) return;
  meters_->error.Increment();
  meters_->errors.Increment();
  std::string retry = "never";
  if (error.retry.when == Retry::When::kNever) {
    meters_->terminal_errors.Increment();
    forget(key);
  } else {
    const Duration backed_off = next_back_off(key);
    const Duration delay = error.retry.when == Retry::When::kAfter ? error.retry.delay : backed_off;
    retry = format_duration(delay);
    meters_->retries.Increment();
    queue_.add_after(key, delay);
  }
  log::error("reconcile failed", {{"controller", options_.name},
                                  {"namespace", key.ns},
                                  {"name", key.name},
                                  {"reconcileID", context.reconcile_id},
                                  {"error", error.to_string()},
                                  {"retryAfter", retry}});
}

Duration Controller::next_back_off(const k8s::ObjectKey& key) {
  std::lock_guard lock(mutex_);
  const int failures = failures_[key]++;
  Duration delay = options_.first_back_off;
  for (int i = 0; i < failures && delay < options_.longest_back_off; ++i) delay *= 2;
  return std::min(delay, options_.longest_back_off);
}

void Controller::forget(const k8s::ObjectKey& key) {
  std::lock_guard lock(mutex_);
  failures_.erase(key);
}

}  // namespace penstock::runtime
