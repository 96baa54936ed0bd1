// What the reader remembers of groups between ticks.
#pragma once
#include "groups.hpp"

namespace penstock::kafka {

struct KnownGroup {
  Result<GroupInfo> described = std::unexpected(Error{Code::kUnavailable, "not described yet", Retry::later()});
  std::optional<SteadyTime> described_at;
  std::set<std::string> committed_topics;  // of the last answer
};

// One thread; pure but for its memory.
class GroupCache {
 public:
  KnownGroup& of(const std::string& group) { return groups_[group]; }
  bool description_due(const std::string& group, SteadyTime now);
  void described(const std::string& group, Result<GroupInfo> info, SteadyTime now);

  // The list tells a group's type, and the state of those that can't be described.
  bool list_due(SteadyTime now) const;
  void listed(Result<GroupList> list, SteadyTime now);

  // Description and list together.
  Result<GroupInfo> info(const std::string& group);
  void keep_only(const std::set<std::string>& groups);

 private:
  std::map<std::string, KnownGroup> groups_;
  GroupList list_;
  std::optional<SteadyTime> listed_at_;
};

}  // namespace penstock::kafka
