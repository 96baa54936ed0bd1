#include <penstock/operator/difference.hpp>

#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

namespace penstock::op {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 15> kSuffixes{{{"", 1.0},
                                                                         {"n", 1e-9},
                                                                         {"u", 1e-6},
                                                                         {"m", 1e-3},
                                                                         {"k", 1e3},
                                                                         {"M", 1e6},
                                                                         {"G", 1e9},
                                                                         {"T", 1e12},
                                                                         {"P", 1e15},
                                                                         {"Ki", 0x1p10},
                                                                         {"Mi", 0x1p20},
                                                                         {"Gi", 0x1p30},
                                                                         {"Ti", 0x1p40},
                                                                         {"Pi", 0x1p50},
                                                                         {"Ei", 0x1p60}}};

std::optional<double> amount(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double number = std::strtod(copy.c_str(), &end);
  if (end == copy.c_str()) return std::nullopt;
  for (const auto& [suffix, factor] : kSuffixes)
    if (suffix == end) return number * factor;
  return std::nullopt;
}

bool holds_quantities(const std::string& key) {
  return key == "requests" || key == "limits";
}

// Whether live says everything that rendered does.
bool covers(const Json& rendered, const Json& live, bool quantities) {
  if (rendered.is_object()) {
    if (!live.is_object()) return false;
    for (const auto& [key, value] : rendered.items()) {
      const bool amounts = quantities || holds_quantities(key);
      if (!live.contains(key) || !covers(value, live[key], amounts)) return false;
      // Nobody else sets what a container may use: an amount that is no longer asked for must go.
      if (key == "resources" && !covers(live[key], value, amounts)) return false;
    }
    return true;
  }
  if (rendered.is_array()) {
    if (!live.is_array() || live.size() != rendered.size()) return false;
    for (std::size_t i = 0; i < rendered.size(); ++i)
      if (!covers(rendered[i], live[i], quantities)) return false;
    return true;
  }
  if (quantities && rendered.is_string() && live.is_string())
    return same_quantity(rendered.get<std::string>(), live.get<std::string>());
  return rendered == live;
}

Json walk(const Json& rendered, const Json& live, const std::set<std::string>& exact, bool all, bool quantities) {
  Json patch = Json::object();
  for (const auto& [key, value] : rendered.items()) {
    const bool amounts = quantities || holds_quantities(key);
    if (!live.contains(key) || !value.is_object() || !live[key].is_object()) {
      if (!live.contains(key) || !covers(value, live[key], amounts)) patch[key] = value;
      continue;
    }
    Json inner = walk(value, live[key], exact, exact.contains(key), amounts);
    if (!inner.empty()) patch[key] = std::move(inner);
  }
  if (all)
    for (const auto& [key, value] : live.items())
      if (!rendered.contains(key)) patch[key] = nullptr;
  return patch;
}

}  // namespace

bool same_quantity(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto left = amount(a), right = amount(b);
  return left && right && std::abs(*left - *right) <= 1e-9 * std::abs(*left);
}

Json difference(const Json& rendered, const Json& live, const std::set<std::string>& exact) {
  return walk(rendered, live, exact, false, false);
}

}  // namespace penstock::op
