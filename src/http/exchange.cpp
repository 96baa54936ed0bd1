#include "exchange.hpp"

#include <utility>

namespace penstock::http {
namespace {

// A reader that is further behind than this makes the sender wait.
constexpr std::size_t kHighWater = 256 * 1024;

}  // namespace

void Exchange::on_headers(int status, Headers headers) {
  std::function<void()> resume;
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return;
    response_.status = status;
    response_.headers = std::move(headers);
    last_sign_ = Clock::now();
    changed_.notify_all();
    // The body can overtake the headers; nobody relays that of a refusal, so nothing else would resume it.
    if (!response_.ok()) resume = std::exchange(resume_, nullptr);
  }
  if (resume) resume();
}

bool Exchange::on_body(std::string_view bytes, std::function<void()> resume) {
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return false;
    const bool relayed = streamed_ && (response_.status == 0 || response_.ok());
    if (!relayed && response_.body.size() + bytes.size() > limit_) too_large_ = true;
    last_sign_ = Clock::now();
    changed_.notify_all();
    if (too_large_) return false;
    response_.body.append(bytes);
    if (relayed && response_.body.size() > kHighWater) {
      resume_ = std::move(resume);
      return true;
    }
  }
  resume();
  return true;
}

void Exchange::on_end(std::optional<Failure> failure) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return;
  ended_ = true;
  failure_ = std::move(failure);
  changed_.notify_all();
}

Exchange::End Exchange::collect(Clock::time_point until, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, stop, until, [this] { return ended_ || too_large_; });
  if (too_large_) return End::kTooLarge;
  if (ended_) return failure_ ? End::kFailed : End::kComplete;
  return stop.stop_requested() ? End::kStopped : End::kOutOfTime;
}

Exchange::End Exchange::relay(const ChunkSink& sink, Duration idle_limit, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto until = last_sign_ + idle_limit;
    changed_.wait_until(lock, stop, until,
                        [this] { return ended_ || too_large_ || (response_.ok() && !response_.body.empty()); });
    if (stop.stop_requested()) return End::kStopped;
    if (too_large_) return End::kTooLarge;
    if (response_.ok() && !response_.body.empty()) {
      const std::string bytes = std::exchange(response_.body, {});
      const auto resume = std::exchange(resume_, nullptr);
      lock.unlock();
      if (resume) resume();
      const bool more = sink(bytes);
      lock.lock();
      last_sign_ = Clock::now();  // the time that the sink took isn't the other side's silence
      if (!more) return End::kSinkDone;
      continue;
    }
    if (ended_) return failure_ ? End::kFailed : End::kComplete;
    if (Clock::now() >= last_sign_ + idle_limit) return End::kOutOfTime;
  }
}

void Exchange::abandon() {
  std::function<void()> resume;
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    resume = std::exchange(resume_, nullptr);
  }
  if (resume) resume();
}

}  // namespace penstock::http
