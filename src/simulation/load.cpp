#include <penstock/base/quantity.hpp>
#include <penstock/base/time.hpp>
#include <penstock/simulation/load.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

namespace penstock::simulation {
namespace {

std::unexpected<Error> invalid(std::string what) {
  return fail(Code::kInvalid, std::move(what), Retry::never());
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  return parts;
}

std::optional<double> number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0) || value > 1e12) return std::nullopt;
  return value;
}

double part(Duration at, Duration of) {
  return static_cast<double>(at.count()) / static_cast<double>(std::max(of, Duration{1}).count());
}

// The rates and times of a shape.
class Words {
 public:
  explicit Words(std::string_view shape) : shape_(shape), parts_(split(shape, ':')) {}

  std::string_view name() const { return parts_.front(); }
  std::size_t size() const { return parts_.size() - 1; }
  double rate(std::size_t i) {
    const auto value = number(parts_.at(i));
    if (!value) problem("\"" + std::string(parts_[i]) + "\" is no rate: a number of records a second");
    return value.value_or(0);
  }
  Duration time(std::size_t i, Duration otherwise) {
    if (i >= parts_.size()) return otherwise;
    const auto value = parse_duration(parts_[i]);
    if (!value) problem("\"" + std::string(parts_[i]) + "\" is no duration such as 90s, 10m or 2h");
    return value.value_or(otherwise);
  }
  void problem(const std::string& what) {
    if (problem_.empty()) problem_ = "the shape " + std::string(shape_) + ": " + what;
  }
  const std::string& problem() const { return problem_; }

 private:
  std::string_view shape_;
  std::vector<std::string_view> parts_;
  std::string problem_;
};

Load load_of(Words& words) {
  const std::string_view name = words.name();
  const auto takes = [&](std::string_view its, std::size_t least, std::size_t most) {
    return name == its && words.size() >= least && words.size() <= most;
  };
  if (takes("constant", 1, 1)) return [rate = words.rate(1)](Duration) { return rate; };
  if (takes("step", 2, 3))
    return [from = words.rate(1), to = words.rate(2), when = words.time(3, 10min)](Duration at) {
      return at < when ? from : to;
    };
  if (takes("spike", 2, 4))
    return [base = words.rate(1), peak = words.rate(2), when = words.time(3, 10min),
            length = words.time(4, 5min)](Duration at) { return at >= when && at < when + length ? peak : base; };
  if (takes("ramp", 2, 3))
    return [from = words.rate(1), to = words.rate(2), over = words.time(3, 1h)](Duration at) {
      return from + (to - from) * std::min(part(at, over), 1.0);
    };
  if (takes("sine", 2, 3))
    return [low = words.rate(1), high = words.rate(2), period = words.time(3, 1h)](Duration at) {
      return low + (high - low) * (1 - std::cos(2 * std::numbers::pi * part(at, period))) / 2;
    };
  words.problem(
      "must be constant:RATE, step:FROM:TO[:AT], spike:BASE:PEAK[:AT:LENGTH], ramp:FROM:TO[:OVER] or "
      "sine:LOW:HIGH[:PERIOD]");
  return {};
}

}  // namespace

Result<Load> parse_shape(std::string_view shape) {
  Words words(shape);
  Load load = load_of(words);
  if (!words.problem().empty()) return invalid(words.problem());
  return load;
}

Result<Trace> parse_trace(std::string_view csv) {
  struct Point {
    Duration at;
    double rate;
  };
  std::vector<Point> points;
  std::size_t line_number = 0;
  for (const std::string_view line : split(csv, '\n')) {
    ++line_number;
    if (line.find_first_not_of(" \r") == std::string_view::npos) continue;
    const auto cells = split(line, ',');
    const auto at = number(cells.front()), rate = cells.size() == 2 ? number(cells[1]) : std::nullopt;
    if (!at && line_number == 1) continue;
    const std::string where = "line " + std::to_string(line_number) + ": ";
    if (!at || !rate || *at > 1e9)
      return invalid(where + "must read `seconds,records_per_second`, two numbers from 0 up");
    const Duration time{static_cast<std::int64_t>(*at * 1000)};
    if (!points.empty() && time <= points.back().at)
      return invalid(where + "its time must be later than the line before");
    points.push_back({time, *rate});
  }
  if (points.empty()) return invalid("there is no line `seconds,records_per_second`");
  const Duration start = points.front().at, length = points.back().at - start + 1s;
  Load load = [points, start](Duration at) {
    const auto after = std::ranges::upper_bound(points, start + at, {}, &Point::at);
    return after == points.begin() ? points.front().rate : std::prev(after)->rate;
  };
  return Trace{std::move(load), length};
}

}  // namespace penstock::simulation
