#include <penstock/base/time.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace penstock {

namespace chr = std::chrono;

SteadyTime SystemClock::now() const {
  return chr::time_point_cast<Duration>(chr::steady_clock::now());
}
WallTime SystemClock::wall() const {
  return chr::time_point_cast<Duration>(chr::system_clock::now());
}

SteadyTime ManualClock::now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

WallTime ManualClock::wall() const {
  std::lock_guard lock(mutex_);
  return wall_;
}

void ManualClock::advance(Duration by) {
  std::lock_guard lock(mutex_);
  now_ += by;
  wall_ += by;
}

void ManualClock::jump_wall(Duration by) {
  std::lock_guard lock(mutex_);
  wall_ += by;
}

namespace {

struct Parts {
  chr::year_month_day date;
  chr::hh_mm_ss<Duration> time;
};

Parts split(WallTime time) {
  const auto day = chr::floor<chr::days>(time);
  return {chr::year_month_day{day}, chr::hh_mm_ss<Duration>{time - day}};
}

std::string print(const char* format, const Parts& parts, long fraction) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, static_cast<int>(parts.date.year()),
                static_cast<unsigned>(parts.date.month()), static_cast<unsigned>(parts.date.day()),
                parts.time.hours().count(), parts.time.minutes().count(), parts.time.seconds().count(), fraction);
  return buffer.data();
}

}  // namespace

std::string format_time(WallTime time) {
  return print("%04d-%02u-%02uT%02ld:%02ld:%02ldZ", split(time), 0);
}

std::string format_micro_time(WallTime time) {
  const Parts parts = split(time);
  return print("%04d-%02u-%02uT%02ld:%02ld:%02ld.%06ldZ", parts, parts.time.subseconds().count() * 1000);
}

std::optional<WallTime> parse_time(std::string_view text) {
  int year = 0;
  unsigned month = 0, day = 0;
  int hour = 0, minute = 0, used = 0;
  double second = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2d:%2d:%lfZ%n", &year, &month, &day, &hour, &minute, &second, &used) !=
          6 ||
      static_cast<std::size_t>(used) != copy.size())
    return std::nullopt;
  const chr::year_month_day date{chr::year{year}, chr::month{month}, chr::day{day}};
  if (!date.ok() || hour > 23 || minute > 59 || !(second >= 0 && second < 61)) return std::nullopt;
  return WallTime{chr::sys_days{date}} + chr::hours{hour} + chr::minutes{minute} +
         Duration{static_cast<std::int64_t>(second * 1000)};
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{0};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || number < 0 || text.front() == '-') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = text.substr(0, std::min(text.find_first_of("0123456789."), text.size()));
    text.remove_prefix(unit.size());
    if (unit == "ms")
      total += number;
    else if (unit == "s")
      total += number * 1e3;
    else if (unit == "m")
      total += number * 60e3;
    else if (unit == "h")
      total += number * 3600e3;
    else if (unit == "d")
      total += number * 86400e3;
    else
      return std::nullopt;
  }
  if (!(total < 9e15)) return std::nullopt;
  return Duration{std::llround(total)};
}

std::string format_duration(Duration duration) {
  auto ms = duration.count();
  if (ms == 0) return "0s";
  std::string out = ms < 0 ? "-" : "";
  ms = std::abs(ms);
  const auto part = [&](std::int64_t unit, const char* name) {
    if (ms >= unit) out += std::to_string(ms / unit) + name;
    ms %= unit;
  };
  part(3600'000, "h");
  part(60'000, "m");
  part(1000, "s");
  part(1, "ms");
  return out;
}

}  // namespace penstock
