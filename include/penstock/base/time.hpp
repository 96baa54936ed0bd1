// Time is an argument or comes from a Clock; only SystemClock asks the machine.
#pragma once
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

using Duration = std::chrono::milliseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;
using namespace std::chrono_literals;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime now() const = 0;
  virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime now() const override;
  WallTime wall() const override;
};

// For tests: stands still until it is told to move. Any thread.
class ManualClock final : public Clock {
 public:
  SteadyTime now() const override;
  WallTime wall() const override;
  void advance(Duration by);
  void jump_wall(Duration by);  // as when somebody sets the machine's clock

 private:
  mutable std::mutex mutex_;
  SteadyTime now_{1h};
  WallTime wall_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
};

// A point in steady time after which a call gives up.
struct Deadline {
  SteadyTime at;
  static Deadline in(const Clock& clock, Duration budget) { return {clock.now() + budget}; }
  Duration left(const Clock& clock) const { return at > clock.now() ? at - clock.now() : Duration{0}; }
  bool passed(const Clock& clock) const { return clock.now() >= at; }
};

// "2026-01-01T00:00:00Z"; Kubernetes' metav1.Time (whole seconds) and MicroTime (six digits).
std::string format_time(WallTime time);
std::string format_micro_time(WallTime time);
std::optional<WallTime> parse_time(std::string_view text);

// Go-style "1h30m", "90s", "1.5s", "250ms", and days: "7d". Nothing negative.
std::optional<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);

inline double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace penstock
