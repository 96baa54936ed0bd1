// Loads in words and from files: records a second over time.
#pragma once
#include <penstock/base/error.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace penstock::simulation {

using Load = std::function<double(Duration)>;  // records a second at a time since the start

// constant:RATE, step:FROM:TO[:AT], spike:BASE:PEAK[:AT:LENGTH], ramp:FROM:TO[:OVER], sine:LOW:HIGH[:PERIOD]; rates are
// records a second, times are durations (AT: 10m; LENGTH: 5m; OVER, PERIOD: 1h). kInvalid says what is wrong.
Result<Load> parse_shape(std::string_view shape);

struct Trace {
  Load load;  // that of the last line before
  Duration length{};
};
// CSV with a line `seconds,records_per_second` for each change, in the order of time; a first line of names and empty
// lines are left out. kInvalid names the line.
Result<Trace> parse_trace(std::string_view csv);

}  // namespace penstock::simulation
