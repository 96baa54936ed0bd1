#include "net_fake_broker.hpp"

#include <penstock/kafka/group_lister.hpp>

#include <atomic>
#include <thread>

#include <wire/messages/groups.hpp>

using namespace penstock;
using namespace penstock::kafka;
using namespace penstock::kafka::wire;

namespace {

// Two brokers, each with groups of its own, on a thread of theirs.
struct Pair {
  using Groups = std::vector<ListGroupsResponse::Group>;

  asio::io_context io;
  FakeBroker first{io}, second{io};
  std::atomic<std::int16_t> error_of_second = 0;
  std::atomic<bool> second_hangs_up = false, first_hangs_up = false;
  std::jthread serving;

  Pair() {
    serve(first, {{"b", "consumer", "Stable", "Classic"}, {"moved", "consumer", "Stable", "Consumer"}});
    serve(second, {{"moved", "consumer", "Stable", "Consumer"}, {"a", "share", "Stable", "share"}});
    serving = std::jthread([this] { io.run(); });
  }
  ~Pair() { io.stop(); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  Result<ListedGroups> list() {
    const SystemClock clock;
    Connection connection;
    connection.bootstrap_servers = first.address();
    return open_group_lister(connection, "tests", clock).value()->list(10s, {});
  }

 private:
  void serve(FakeBroker& broker, const Groups& groups) {
    broker.script_versions = [](const std::string& frame) -> FakeBroker::Reply {
      const auto header = read_header(frame);
      ApiVersionsResponse response;
      response.api_keys = {{3, 0, 12}, {16, 0, 5}, {18, 0, 4}};
      return encode_response(response, header.version, header.correlation);
    };
    broker.script = [this, groups, is_second = &broker == &second](const std::string& frame) -> FakeBroker::Reply {
      const auto header = read_header(frame);
      if (is_second ? second_hangs_up : first_hangs_up) return std::nullopt;
      if (header.key == MetadataRequest::kApi.key) return brokers(frame);
      ListGroupsResponse response;
      if (is_second) response.error_code = error_of_second;
      if (response.error_code == 0) response.groups = groups;
      return encode_response(response, header.version, header.correlation);
    };
  }

  FakeBroker::Reply brokers(const std::string& frame) const {
    const auto header = read_header(frame);
    const auto request = decode_request<MetadataRequest>(frame);
    CHECK((request && request->topics && request->topics->empty()));
    MetadataResponse response;
    response.brokers.push_back({.node_id = 1, .host = "127.0.0.1", .port = first.port(), .rack = {}});
    response.brokers.push_back({.node_id = 2, .host = "127.0.0.1", .port = second.port(), .rack = {}});
    return encode_response(response, header.version, header.correlation);
  }
};

}  // namespace

TEST_CASE("the groups of all brokers are listed, each once, by name, with type and protocol") {
  Pair pair;
  const auto list = pair.list();
  REQUIRE(list);
  CHECK(list->missing.empty());
  CHECK(list->groups == std::vector<GroupEntry>{
                            {"a", "Share", "share"}, {"b", "Classic", "consumer"}, {"moved", "Consumer", "consumer"}});
}

TEST_CASE("a broker that doesn't tell its groups is missing from the list, by number, and the others are not") {
  Pair pair;
  pair.error_of_second = 15;  // COORDINATOR_NOT_AVAILABLE
  const auto refused = pair.list();
  REQUIRE(refused);
  CHECK(refused->groups.size() == 2);
  REQUIRE(refused->missing.size() == 1);
  CHECK(refused->missing[0].what.starts_with("groups of broker 2: "));
  pair.error_of_second = 0;
  pair.second_hangs_up = true;
  const auto cut = pair.list();
  REQUIRE(cut);
  CHECK(cut->groups.size() == 2);
  CHECK(cut->missing.size() == 1);
}

TEST_CASE("a list without any broker's answer is an error, and so is a connection that can't be right") {
  Pair pair;
  pair.first_hangs_up = true;
  const auto list = pair.list();
  REQUIRE_FALSE(list);
  CHECK(list.error().code == Code::kUnavailable);
  const SystemClock clock;
  CHECK(open_group_lister({}, "tests", clock).error().code == Code::kInvalid);
}
