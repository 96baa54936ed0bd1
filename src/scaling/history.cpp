#include <penstock/scaling/history.hpp>

#include <algorithm>
#include <limits>

namespace penstock::scaling {
namespace {

// Drops the point that is missed least: the one whose neighbours are closest together for their age, so that points lie
// ever farther apart the older they are.
void thin(std::vector<std::pair<SteadyTime, std::int64_t>>& points, SteadyTime now) {
  std::size_t least = 1;
  double least_error = std::numeric_limits<double>::max();
  for (std::size_t i = 1; i + 1 < points.size(); ++i) {
    const auto gap = static_cast<double>((points[i + 1].first - points[i - 1].first).count());
    const auto age = static_cast<double>((now - points[i - 1].first).count());
    if (gap / age < least_error) {
      least_error = gap / age;
      least = i;
    }
  }
  points.erase(points.begin() + static_cast<std::ptrdiff_t>(least));
}

}  // namespace

History::Partition& History::observe(const TopicPartition& partition, SteadyTime now, std::int64_t end,
                                     std::optional<std::int64_t> committed) {
  auto [found, first_sight] = partitions_.try_emplace(partition);
  Partition& p = found->second;
  if (!first_sight && end < p.end) {
    p = Partition{};
    p.first_end = 0;
    first_sight = true;
  }
  if (first_sight) {
    if (!p.first_end) p.first_end = end;
    p.end_since = p.committed_since = now;
    p.end = end;
    p.committed = committed;
    p.ends.emplace_back(now, end);
    return p;
  }
  if (end != p.end) {
    p.end = end;
    p.end_since = now;
    p.tail_ignored = false;
    if (p.ends.empty() || p.ends.back().first < now) p.ends.emplace_back(now, end);
    if (p.ends.size() > kMaxPoints) thin(p.ends, now);
  }
  if (committed && committed != p.committed) {
    p.committed = committed;
    p.committed_since = now;
    p.tail_ignored = false;
    // Points that only tell of consumed records are not asked about again; the newest stays.
    const auto useful =
        std::find_if(p.ends.begin(), p.ends.end(), [&](const auto& e) { return e.second > *committed; });
    p.ends.erase(p.ends.begin(), useful == p.ends.end() ? p.ends.end() - 1 : useful);
  }
  return p;
}

std::optional<Duration> History::age_of(const TopicPartition& partition, std::int64_t offset, SteadyTime now) const {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return std::nullopt;
  for (const auto& [time, end] : found->second.ends)
    if (end > offset) return now - time;
  return std::nullopt;
}

void History::keep_only(const std::map<std::string, int>& topics) {
  std::erase_if(partitions_, [&](const auto& entry) {
    const auto topic = topics.find(entry.first.first);
    return topic == topics.end() || entry.first.second >= topic->second;
  });
}

}  // namespace penstock::scaling
