#include "group_book.hpp"

#include "../../retry.hpp"

#include <cctype>
#include <map>

namespace penstock::kafka::wire {
namespace {

// What is described as a classic group while nobody has told its type.
constexpr std::string_view kClassic = "Classic";
constexpr Duration kListRefresh = 10s;
constexpr Duration kListRetry = 2s;
// Describing a group costs the broker and us some hundred times what its offsets cost: its members' assignments are in
// the answer.
constexpr std::size_t kAlwaysDescribed = 500;
constexpr std::size_t kTurns = 3;
// How long a description is believed in while a newer one can't be had.
constexpr Duration kTrustGroups = 15s;

}  // namespace

std::string type_name(std::string_view kafka_name) {
  std::string name;
  for (const char c : kafka_name)
    name += static_cast<char>(name.empty() ? std::toupper(static_cast<unsigned char>(c))
                                           : std::tolower(static_cast<unsigned char>(c)));
  return name;
}

bool GroupBook::list_due(SteadyTime now) const {
  if (!list_asked_) return true;
  const bool all_listed = std::ranges::all_of(groups_, [](const auto& group) { return !group.second.type.empty(); });
  return now - *list_asked_ >= (all_listed ? kListRefresh : kListRetry);
}

void GroupBook::listed(const ListGroupsResponse& list) {
  for (const auto& group : list.groups) {
    const auto found = groups_.find(group.group_id);
    if (found == groups_.end()) continue;
    // Before version 5 nobody tells: what a classic client's DescribeGroups can describe is classic.
    const std::string type = group.group_type.empty() ? std::string(kClassic) : type_name(group.group_type);
    KnownGroup& known = found->second;
    if (known.type == type) continue;
    known.type = type;
    known.described.reset();
  }
}

std::vector<std::size_t> GroupBook::next_to_describe(const std::vector<const KnownGroup*>& groups) {
  // Those of one type together: each type that has a turn is a request of its own to each broker.
  std::map<std::string_view, std::vector<std::size_t>> by_type;
  for (std::size_t i = 0; i < groups.size(); ++i)
    by_type[groups[i]->type.empty() ? kClassic : std::string_view(groups[i]->type)].push_back(i);
  const std::size_t all = groups.size(), third = (all + kTurns - 1) / kTurns;
  const std::size_t share = by_type.size() > 1 ? third : std::max(kAlwaysDescribed, third);
  if (turn_ >= all) turn_ = 0;
  std::vector<std::size_t> next;
  std::size_t place = 0, last = all;
  for (const auto& [type, its] : by_type) {
    if (place <= turn_) last = std::min(turn_ + share, place + its.size());
    for (const std::size_t i : its) {
      const bool has_turn = turn_ <= place && place < last;
      if (has_turn || !groups[i]->described) next.push_back(i);
      ++place;
    }
  }
  turn_ = last;
  return next;
}

void GroupBook::described(KnownGroup& group, Result<GroupInfo> info, SteadyTime now) {
  if (info && info->state == "Dead" && !group.type.empty()) {
    // Gone, or of another type now, which the description of its former type calls dead as well: the list tells.
    group.type.clear();
    group.failure = Error{Code::kUnavailable, "the group is gone or has changed its type", Retry::later()};
    list_asked_.reset();
  } else if (info) {
    group.described = std::move(*info);
    group.described_at = now;
    group.failure.reset();
  } else {
    group.failure = info.error();
    if (!may_pass(group.failure->code)) group.described.reset();
  }
}

Result<GroupInfo> GroupBook::info(const KnownGroup& group, SteadyTime now) {
  if (group.described && (!group.failure || now - group.described_at < kTrustGroups)) return *group.described;
  if (group.failure) return std::unexpected(*group.failure);
  return fail(Code::kUnavailable, "not described yet");
}

void GroupBook::keep_only(std::uint64_t tick) {
  std::erase_if(groups_, [&](const auto& group) { return group.second.tick != tick; });
}

}  // namespace penstock::kafka::wire
