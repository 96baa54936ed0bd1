#include "../../connection.hpp"
#include "../messages/error_code.hpp"
#include "../messages/groups.hpp"
#include "../messages/metadata.hpp"
#include "asks.hpp"
#include "group_book.hpp"

#include <penstock/kafka/group_lister.hpp>

namespace penstock::kafka {
namespace {

// Each broker tells those that it coordinates.
class WireGroupLister final : public GroupLister {
 public:
  WireGroupLister(const Connection& connection, const std::string& client_id, const Clock& clock)
      : clock_(clock), client_(io_, connection, client_id, clock) {}

  Result<ListedGroups> list(Duration timeout, std::stop_token stop) override {
    const SteadyTime deadline = clock_.now() + timeout;
    wire::Asks asks(io_, client_, stop);
    const auto cluster = look_around(asks, deadline);
    if (!cluster) return std::unexpected(cluster.error());
    client_.learn(cluster->brokers);
    ListedGroups list;
    for (const auto& broker : cluster->brokers)
      asks.ask(broker.node_id, wire::ListGroupsRequest{}, deadline,
               [&list, id = broker.node_id](const Result<wire::ListGroupsResponse>& answer) { add(list, id, answer); });
    asks.run();
    if (stop.stop_requested()) return fail(Code::kCancelled, "stopping", Retry::never());
    if (!list.missing.empty() && list.missing.size() == cluster->brokers.size())
      return std::unexpected(list.missing.front());
    // A group whose coordinator has just moved may be told of twice.
    std::ranges::sort(list.groups, {}, &GroupEntry::id);
    const auto again = std::ranges::unique(list.groups, {}, &GroupEntry::id);
    list.groups.erase(again.begin(), again.end());
    return list;
  }

 private:
  Result<wire::MetadataResponse> look_around(wire::Asks& asks, SteadyTime deadline) {
    Result<wire::MetadataResponse> cluster = fail(Code::kUnavailable, "nobody answered");
    wire::MetadataRequest request;
    request.topics.emplace();  // none: the brokers are what is wanted
    request.allow_auto_topic_creation = false;
    asks.ask_any(std::move(request), deadline,
                 [&](Result<wire::MetadataResponse> answer) { cluster = std::move(answer); });
    asks.run();
    return cluster;
  }

  static void add(ListedGroups& list, int broker, const Result<wire::ListGroupsResponse>& answer) {
    Result<void> outcome;
    if (!answer) {
      outcome = std::unexpected(answer.error());
    } else if (const auto error = wire::to_error_code(answer->error_code); error != wire::ErrorCode::kNone) {
      outcome = std::unexpected(wire::to_error(error));
    }
    if (!outcome) {
      list.missing.push_back(fail("groups of broker " + std::to_string(broker), outcome.error()).error());
      return;
    }
    for (const auto& group : answer->groups)
      list.groups.push_back({group.group_id, wire::type_name(group.group_type), group.protocol_type});
  }

  const Clock& clock_;
  boost::asio::io_context io_{1};
  wire::Client client_;
};

}  // namespace

Result<std::unique_ptr<GroupLister>> open_group_lister(const Connection& connection, const std::string& client_id,
                                                       const Clock& clock) {
  if (auto valid = check(connection); !valid) return std::unexpected(valid.error());
  return std::make_unique<WireGroupLister>(connection, client_id, clock);
}

}  // namespace penstock::kafka
