// Which groups a cluster has, for whoever doesn't know their names.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/kafka/types.hpp>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace penstock::kafka {

struct GroupEntry {
  std::string id;
  std::string type;      // Classic, Consumer, Share, Streams; empty where the broker is too old to tell
  std::string protocol;  // "consumer" for consumers; other uses of the group protocol have names of their own
  bool operator==(const GroupEntry&) const = default;
};

struct ListedGroups {
  std::vector<GroupEntry> groups;  // by id
  std::vector<Error> missing;      // brokers that did not tell theirs: there may be more groups
};

class GroupLister {
 public:
  virtual ~GroupLister() = default;
  // Of all brokers: the groups that we may see; whoever may not see a group is not told of it. One caller at a time. An
  // error only when no broker could be asked.
  virtual Result<ListedGroups> list(Duration timeout, std::stop_token stop) = 0;
};

// As open_offset_reader: kInvalid for settings that can't be right, and it connects when it is asked. The clock
// outlives the lister.
Result<std::unique_ptr<GroupLister>> open_group_lister(const Connection& connection, const std::string& client_id,
                                                       const Clock& clock);

}  // namespace penstock::kafka
