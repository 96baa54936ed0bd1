#include <penstock/scaling/behavior.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

namespace penstock::scaling {
namespace {

constexpr Duration kLongestPeriod = 30min;  // that the schema allows

Rules with(Rules rules, const Json& given) {
  if (!given.is_object()) return rules;
  if (given.contains("stabilizationWindowSeconds")) rules.window = given["stabilizationWindowSeconds"].get<int>() * 1s;
  const std::string select = given.value("selectPolicy", "Max");
  rules.select = select == "Min"        ? SelectPolicy::kMin
                 : select == "Disabled" ? SelectPolicy::kDisabled
                                        : SelectPolicy::kMax;
  if (given.contains("policies")) {
    rules.policies.clear();
    for (const Json& policy : given["policies"])
      rules.policies.push_back(
          {policy.value("type", "") == "Percent", policy.value("value", 0), policy.value("periodSeconds", 0) * 1s});
  }
  if (given.contains("tolerance")) {
    const Json& tolerance = given["tolerance"];
    const std::string text = tolerance.is_string() ? tolerance.get<std::string>() : tolerance.dump();
    rules.tolerance = std::strtod(text.c_str(), nullptr) * (text.ends_with('m') ? 1e-3 : 1);
  }
  return rules;
}

// Of the limits that the policies set, the one that the rules select: what changes most is the highest on the way up
// and the lowest on the way down.
int selected(const Rules& rules, int current, bool up, const std::function<int(const Policy&)>& limit_of) {
  if (rules.select == SelectPolicy::kDisabled) return current;
  const bool highest = (rules.select == SelectPolicy::kMax) == up;
  std::optional<int> limit;
  for (const Policy& policy : rules.policies) {
    const int its = limit_of(policy);
    limit = !limit ? its : highest ? std::max(*limit, its) : std::min(*limit, its);
  }
  return limit.value_or(current);
}

}  // namespace

Behavior behavior_of(const Json& behavior) {
  const Policy double_it{true, 100, 15s};
  const auto given = [&](const char* name) { return behavior.is_object() ? behavior.value(name, Json()) : Json(); };
  return {with({0s, SelectPolicy::kMax, {{false, 4, 15s}, double_it}, {}}, given("scaleUp")),
          with({5min, SelectPolicy::kMax, {double_it}, {}}, given("scaleDown"))};
}

Range range_of(const api::ConsumerScalerSpec& spec, int cap) {
  Range range;
  range.min = std::max(1, spec.min_replicas);
  range.max = spec.max_replicas.value_or(cap > 0 ? cap : kDefaultMaximum);
  if (cap > 0) range.max = std::min(range.max, cap);
  range.max = std::max(range.max, range.min);
  return range;
}

int first_replicas(const api::ConsumerScalerSpec& spec, int desired, const Range& range) {
  // With rules of the person's own for scaling up, it goes on by them from the first replica.
  return spec.behavior.contains("scaleUp") ? 1 : std::clamp(desired, 1, range.max);
}

int BehaviorPast::allowed(const Behavior& behavior, int current, int recommended, int min, int max, SteadyTime now) {
  if (current > max || current < min) return std::clamp(current, min, max);
  const double tolerance = (recommended > current ? behavior.up : behavior.down).tolerance.value_or(0);
  if (std::abs(recommended - current) <= tolerance * current) recommended = current;
  const int wanted = stabilised(behavior, current, std::clamp(recommended, min, max), now);
  if (wanted > current) return std::max(std::min({wanted, highest(behavior.up, current, now), max}), min);
  if (wanted < current) return std::min(std::max({wanted, lowest(behavior.down, current, now), min}), max);
  return wanted;
}

void BehaviorPast::scaled(int from, int to, SteadyTime now) {
  auto& steps = to > from ? up_ : down_;
  std::erase_if(steps, [&](const Step& step) { return now - step.time > kLongestPeriod; });
  if (to != from) steps.push_back({now, std::abs(to - from)});
}

// Up only as far as all of the window agrees, down likewise.
int BehaviorPast::stabilised(const Behavior& behavior, int current, int recommended, SteadyTime now) {
  const Duration window = std::max(behavior.up.window, behavior.down.window);
  std::erase_if(recommended_, [&](const Step& step) { return now - step.time > window; });
  // Whoever begins finds the replicas as they are, which somebody wanted.
  if (!begun_) recommended_.push_back({now, current});
  begun_ = true;
  int up = recommended, down = recommended;
  for (const Step& step : recommended_) {
    if (now - step.time < behavior.up.window) up = std::min(up, step.replicas);
    if (now - step.time < behavior.down.window) down = std::max(down, step.replicas);
  }
  recommended_.push_back({now, recommended});
  return std::min(std::max(current, up), down);
}

int BehaviorPast::at_start(const Policy& policy, int current, SteadyTime now) const {
  int start = current;
  for (const Step& step : up_)
    if (now - step.time < policy.period) start -= step.replicas;
  for (const Step& step : down_)
    if (now - step.time < policy.period) start += step.replicas;
  return start;
}

int BehaviorPast::highest(const Rules& rules, int current, SteadyTime now) const {
  return std::max(current, selected(rules, current, true, [&](const Policy& policy) {
                    const int start = at_start(policy, current, now);
                    return policy.percent ? static_cast<int>(std::ceil(start * (1 + policy.value / 100.0)))
                                          : start + policy.value;
                  }));
}

int BehaviorPast::lowest(const Rules& rules, int current, SteadyTime now) const {
  return std::min(current, selected(rules, current, false, [&](const Policy& policy) {
                    const int start = at_start(policy, current, now);
                    return policy.percent ? static_cast<int>(start * (1 - policy.value / 100.0)) : start - policy.value;
                  }));
}

}  // namespace penstock::scaling
