#include <penstock/scaling/probes.hpp>

#include <algorithm>
#include <tuple>

namespace penstock::scaling {
namespace {

// As good a beginning as any: longer than healthy consumers take, shorter than anybody minds.
constexpr Duration kFirst = 30s;

Duration age_to_ask(const Age& age) {
  if (age.at_most) return age.at_least + (*age.at_most - age.at_least) / 2;
  return std::max(kFirst, 2 * age.at_least);
}

}  // namespace

std::vector<ProbeTime> propose_probes(std::span<const OpenAge> open, WallTime wall, std::size_t most) {
  // Kafka has no times before 1970.
  const Duration oldest = wall.time_since_epoch();
  const auto width = [&](const OpenAge& one) { return one.age.at_most.value_or(oldest) - one.age.at_least; };
  const auto place = [](const OpenAge& one) { return std::tie(one.topic, one.partition); };
  std::vector<const OpenAge*> order;
  order.reserve(open.size());
  for (const OpenAge& one : open)
    if (one.age.at_least < oldest) order.push_back(&one);
  // After a start there may be a hundred thousand: only those that come near the first are put in order.
  const std::size_t near = 4 * most;
  if (order.size() > near) {
    std::ranges::nth_element(
        order, order.begin() + static_cast<std::ptrdiff_t>(near),
        [&](const OpenAge* a, const OpenAge* b) { return width(*a) != width(*b) ? width(*a) > width(*b) : a < b; });
    order.resize(near);
  }
  // Groups on one topic have questions of their own about its partitions: the one with the most to learn asks.
  std::ranges::sort(order, [&](const OpenAge* a, const OpenAge* b) {
    return place(*a) != place(*b) ? place(*a) < place(*b) : width(*a) > width(*b);
  });
  const auto same_place = [&](const OpenAge* a, const OpenAge* b) { return place(*a) == place(*b); };
  order.erase(std::ranges::unique(order, same_place).begin(), order.end());
  std::ranges::stable_sort(order, [&](const OpenAge* a, const OpenAge* b) { return width(*a) > width(*b); });
  if (order.size() > most) order.resize(most);
  std::vector<ProbeTime> probes;
  probes.reserve(order.size());
  for (const OpenAge* one : order)
    probes.push_back({std::string(one->topic), one->partition, wall - std::min(age_to_ask(one->age), oldest)});
  return probes;
}

bool learn(EndHistory& history, std::size_t partition, const ProbeResult& result, WallTime wall, SteadyTime now) {
  if (history.life(partition) == 0 || result.time > wall) return false;
  const auto steady = [&](WallTime time) { return now - (wall - time); };
  const std::int64_t end = history.end(partition);
  const std::int64_t then = result.offset == kNoOffset ? end : std::min(result.offset, end);
  bool learnt = history.insert(partition, steady(result.time), then);
  // The record itself was there a moment later.
  if (result.record_time && *result.record_time >= result.time && *result.record_time <= wall && then < end)
    learnt |= history.insert(partition, steady(std::max(*result.record_time, result.time + 1ms)), then + 1);
  return learnt;
}

}  // namespace penstock::scaling
