#include <penstock/simulation/recording.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace penstock::simulation {
namespace {

// "12", "0.333".
std::string rate_text(double rate) {
  std::array<char, 32> digits{};
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), rate, std::chars_format::fixed, 3);
  std::string text(digits.data(), error == std::errc{} ? end : digits.data());
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::string Recording::trace() const {
  std::string text = "seconds,records_per_second\n";
  const auto lines = std::max<std::int64_t>(std::chrono::round<std::chrono::seconds>(length()).count(), 1);
  for (std::int64_t i = 0; i < lines; ++i) {
    // The last one has what is left over or missing of a second.
    const Duration from = i * 1s, to = i + 1 == lines ? length() : from + 1s;
    const double rate = to > from ? (arrived_by(to) - arrived_by(from)) / seconds(to - from) : 0;
    text += std::to_string(i) + "," + rate_text(rate) + "\n";
  }
  return text;
}

double Recording::arrived_by(Duration at) const {
  const auto after = std::ranges::upper_bound(points_, at, {}, &Point::at);
  if (after == points_.end()) return points_.back().records;
  const auto before = std::prev(after);
  return before->records +
         (after->records - before->records) * (seconds(at - before->at) / seconds(after->at - before->at));
}

}  // namespace penstock::simulation
