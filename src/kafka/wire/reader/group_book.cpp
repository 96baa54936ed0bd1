#include "group_book.hpp"

#include "../../retry.hpp"

#include <cctype>

namespace penstock::kafka::wire {
namespace {

constexpr Duration kListRefresh = 10s;
constexpr Duration kListRetry = 2s;
// Describing a group costs the broker and us some hundred times what its offsets cost: its members' assignments are in
// the answer.
constexpr std::size_t kAlwaysDescribed = 500;
constexpr std::size_t kTurns = 3;
// How long a description is believed in while a newer one can't be had.
constexpr Duration kTrust = 15s;

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
    const std::string type = group.group_type.empty() ? "Classic" : type_name(group.group_type);
    KnownGroup& known = found->second;
    if (known.type == type) continue;
    known.type = type;
    known.described.reset();
  }
}

std::vector<const SamplePlan::Group*> GroupBook::next_to_describe(const SamplePlan& plan) {
  std::vector<const SamplePlan::Group*> next;
  const std::size_t all = plan.groups.size();
  const std::size_t share = std::min(all, std::max(kAlwaysDescribed, (all + kTurns - 1) / kTurns));
  if (turn_ >= all) turn_ = 0;
  for (std::size_t i = 0; i < all; ++i) {
    const bool has_turn = (i + all - turn_) % all < share;
    if (has_turn || !of(plan.groups[i].id).described) next.push_back(&plan.groups[i]);
  }
  turn_ += share;
  return next;
}

void GroupBook::described(const std::string& group, Result<GroupInfo> info, SteadyTime now) {
  KnownGroup& known = of(group);
  if (info && info->state == "Dead" && !known.type.empty()) {
    // Gone, or of another type now, which the description of its former type calls dead as well: the list tells.
    known.type.clear();
    known.failure = Error{Code::kUnavailable, "the group is gone or has changed its type", Retry::later()};
    list_asked_.reset();
  } else if (info) {
    known.described = std::move(*info);
    known.described_at = now;
    known.failure.reset();
  } else {
    known.failure = info.error();
    if (!may_pass(known.failure->code)) known.described.reset();
  }
}

Result<GroupInfo> GroupBook::info(const std::string& group, SteadyTime now) {
  const KnownGroup& known = of(group);
  if (known.described && (!known.failure || now - known.described_at < kTrust)) return *known.described;
  if (known.failure) return std::unexpected(*known.failure);
  return fail(Code::kUnavailable, "not described yet");
}

void GroupBook::keep_only(std::uint64_t tick) {
  std::erase_if(groups_, [&](const auto& group) { return group.second.tick != tick; });
}

}  // namespace penstock::kafka::wire
