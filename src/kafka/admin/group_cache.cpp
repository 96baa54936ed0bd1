#include "group_cache.hpp"

namespace penstock::kafka {
namespace {

// A little less than the usual tick of a second, so that its jitter does not skip one.
constexpr Duration kEveryTick = 900ms;
constexpr Duration kTypesOnly = 5s;
// How long a list is believed in while a newer one can't be had.
constexpr Duration kTrust = 15s;

}  // namespace

bool GroupCache::description_due(const std::string& group, SteadyTime now) {
  const auto at = of(group).described_at;
  return !at || now - *at >= kEveryTick;
}

void GroupCache::described(const std::string& group, Result<GroupInfo> info, SteadyTime now) {
  KnownGroup& known = of(group);
  known.described = std::move(info);
  known.described_at = now;
}

bool GroupCache::list_due(SteadyTime now) const {
  if (!listed_at_) return true;
  // Groups that only the list knows something about need it each time.
  for (const auto& [id, known] : groups_)
    if (known.described && known.described->state == "Dead") {
      const auto listed = list_.groups.find(id);
      if (listed != list_.groups.end() && listed->second.type == "Consumer") return now - *listed_at_ >= kEveryTick;
    }
  return now - *listed_at_ >= kTypesOnly;
}

void GroupCache::listed(Result<GroupList> list, SteadyTime now) {
  if (list && !list->incomplete) {
    list_ = std::move(*list);
    listed_at_ = now;
  } else if (listed_at_ && now - *listed_at_ >= kTrust) {
    list_ = {};
  }
}

Result<GroupInfo> GroupCache::info(const std::string& group) {
  Result<GroupInfo> info = of(group).described;
  if (!info) return info;
  const auto listed = list_.groups.find(group);
  if (listed == list_.groups.end()) return info;
  if (info->type.empty()) info->type = listed->second.type;
  if (info->state == "Dead" && listed->second.type == "Consumer") info->state = listed->second.state;
  return info;
}

void GroupCache::keep_only(const std::set<std::string>& groups) {
  std::erase_if(groups_, [&](const auto& entry) { return !groups.contains(entry.first); });
}

}  // namespace penstock::kafka
