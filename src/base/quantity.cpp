#include <penstock/base/quantity.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace penstock {

std::optional<std::int64_t> parse_quantity(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::general);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const bool exponent = text.substr(0, text.size() - suffix.size()).find_first_of("eE") != std::string_view::npos;
  if (exponent && !suffix.empty()) return std::nullopt;
  static constexpr std::array<std::pair<std::string_view, double>, 16> kSuffixes{{
      {"", 1},
      {"m", 1e-3},
      {"k", 1e3},
      {"M", 1e6},
      {"G", 1e9},
      {"T", 1e12},
      {"P", 1e15},
      {"E", 1e18},
      {"Ki", 0x1p10},
      {"Mi", 0x1p20},
      {"Gi", 0x1p30},
      {"Ti", 0x1p40},
      {"Pi", 0x1p50},
      {"Ei", 0x1p60},
      {"u", 1e-6},
      {"n", 1e-9},
  }};
  for (const auto& [name, factor] : kSuffixes) {
    if (suffix != name) continue;
    const double value = std::ceil(number * factor);
    if (!(std::abs(value) < 0x1p63)) return std::nullopt;
    return static_cast<std::int64_t>(value);
  }
  return std::nullopt;
}

}  // namespace penstock
