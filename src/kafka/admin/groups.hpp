// Consumer groups: the list, descriptions, committed offsets.
#pragma once
#include "batch.hpp"

#include <penstock/kafka/offset_reader.hpp>

#include <map>

namespace penstock::kafka {

struct ListedGroup {
  std::string type, state;  // as in GroupInfo
  bool has_members() const { return state != "Empty" && state != "Dead"; }
};
struct GroupList {
  std::map<std::string, ListedGroup> groups;
  std::optional<Error> incomplete;  // a broker that did not answer: its groups are missing
};

// topic → partition → offset; partitions without a commit are not in it.
using Commits = std::map<std::string, std::map<int, Result<std::int64_t>>>;

void submit_list_groups(Batch& batch, std::function<void(Result<GroupList>)> answer);

// A group that nobody has heard of is Dead without members. So are KIP-848 groups up to librdkafka 2.9, which asks
// after classic groups only: combine with the list.
void submit_describe_group(Batch& batch, Handle& handle, const std::string& group,
                           std::function<void(Result<GroupInfo>)> answer);

// All that the group has committed. Never with RequireStable: an exactly-once group is unstable most of the time.
void submit_commits(Batch& batch, Handle& handle, const std::string& group,
                    std::function<void(Result<Commits>)> answer);

}  // namespace penstock::kafka
