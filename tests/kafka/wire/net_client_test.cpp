#include "net_fake_broker.hpp"

using namespace penstock;
using namespace penstock::kafka;
using namespace penstock::kafka::wire;

namespace {

using Asked = Result<MetadataResponse>;

struct World {
  asio::io_context io;
  ManualClock clock;
  FakeBroker broker{io};
  std::unique_ptr<Client> client = make();

  std::unique_ptr<Client> make(std::optional<Sasl> sasl = {}) {
    Connection connection;
    connection.bootstrap_servers = broker.address();
    connection.sasl = std::move(sasl);
    return std::make_unique<Client>(io, connection, "tests", clock);
  }
  // The clock stands still, so the limit is in real time.
  asio::awaitable<Asked> asking(Duration limit = 10s) {
    return client->ask_any(MetadataRequest{}, clock.now() + limit);
  }
  Asked ask(Duration limit = 10s) { return run(io, asking(limit)); }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an ask shakes hands once and speaks the highest common version") {
  World world;
  REQUIRE(world.ask());
  REQUIRE(world.ask());
  CHECK(world.broker.connections == 1);
  REQUIRE(world.broker.frames.size() == 3);
  CHECK(read_header(world.broker.frames[1]).version == 12);
  const auto& traffic = world.client->traffic();
  CHECK(traffic.connects == 1);
  CHECK(traffic.apis.at("Metadata").requests == 2);
  CHECK(traffic.apis.at("Metadata").answers == 2);
  CHECK(traffic.bytes_in > 0);
}

TEST_CASE("requests are pipelined, and each gets its own answer in whatever order they come") {
  World world;
  std::vector<std::string> held;
  world.broker.script = [&](const std::string& frame) -> FakeBroker::Reply {
    held.push_back(frame);
    if (held.size() < 3) return "";
    std::string all;
    for (const int i : {2, 0, 1}) all += *FakeBroker::metadata(held[std::size_t(i)], "cluster" + std::to_string(i));
    return all;
  };
  std::vector<asio::awaitable<Asked>> asks;
  for (int i = 0; i < 3; ++i) asks.push_back(world.asking());
  const auto answers = run_all(world.io, std::move(asks));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(answers[std::size_t(i)]);
    CHECK(answers[std::size_t(i)]->cluster_id == "cluster" + std::to_string(i));
  }
  CHECK(world.broker.connections == 1);
}

TEST_CASE("more asks than may be in flight wait for their turn") {
  World world;
  std::vector<asio::awaitable<Asked>> asks;
  for (std::size_t i = 0; i < kMostInFlight * 3; ++i) asks.push_back(world.asking());
  for (const auto& answer : run_all(world.io, std::move(asks))) CHECK(answer);
  CHECK(world.broker.connections == 1);
}

TEST_CASE("silence ends in words, drops the connection, and is not tried again before the back-off is over") {
  World world;
  world.broker.script = [](const std::string&) { return ""; };
  const auto late = world.ask(50ms);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Code::kTimeout);
  CHECK(contains(late.error().what, world.broker.address() + ": did not answer Metadata within 50ms"));
  const auto at_once = world.ask();
  REQUIRE_FALSE(at_once);
  CHECK(contains(at_once.error().what, "did not answer"));
  CHECK(world.broker.connections == 1);
  world.clock.advance(100ms);
  world.broker.script = [](const std::string& frame) { return FakeBroker::metadata(frame); };
  CHECK(world.ask());
  CHECK(world.broker.connections == 2);
}

TEST_CASE("what is not Kafka's protocol closes the connection and says so") {
  World world;
  std::string words;
  SUBCASE("a length beyond all bounds") {
    world.broker.script = [](const std::string&) { return std::string("\x7f\xff\xff\xff", 4); };
    words = "a frame of 2147483647 bytes";
  }
  SUBCASE("a negative length") {
    world.broker.script = [](const std::string&) { return "\xff\xff\xff\xff"; };
    words = "a frame of 4294967295 bytes";
  }
  SUBCASE("another protocol") {
    world.broker.script_versions = [](const std::string&) { return "HTTP/1.1 400 Bad Request\r\n"; };
    words = "asking for its versions: it sent a frame";
  }
  SUBCASE("an answer that nobody asked for") {
    world.broker.script = [](const std::string&) { return std::string("\0\0\0\4\0\0\x77\x77", 8); };
    words = "nobody asked";
  }
  SUBCASE("the end inside of an answer") {
    world.broker.script = [](const std::string&) { return std::string("\0\0\1\0abc<close>", 14); };
    words = "closed inside of an answer";
  }
  SUBCASE("the end instead of an answer") {
    world.broker.script = [](const std::string&) { return std::nullopt; };
    words = "the connection was closed";
  }
  const auto answer = world.ask();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::kUnavailable);
  CHECK_MESSAGE(contains(answer.error().what, words), answer.error().what);
  CHECK(world.broker.connections == 1);
  CHECK(world.client->traffic().errors.at(Code::kUnavailable) == 1);
}

TEST_CASE("an answer that can't be decoded is an error of this ask alone") {
  World world;
  world.broker.script = [](const std::string& frame) -> FakeBroker::Reply {
    return std::string("\0\0\0\5", 4) + frame.substr(4, 4) + "\xff";
  };
  const auto answer = world.ask();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::kInternal);
}

TEST_CASE("a connection that was closed while idle is opened anew by the next ask") {
  World world;
  REQUIRE(world.ask());
  world.broker.close_connections();
  CHECK(world.ask());
  CHECK(world.broker.connections == 2);
}

TEST_CASE("a broker that knows no new ApiVersions is asked in version 0") {
  World world;
  world.broker.script_versions = [](const std::string& frame) -> FakeBroker::Reply {
    const auto header = read_header(frame);
    auto response = FakeBroker::versions();
    if (header.version > 0) {
      response = ApiVersionsResponse();
      response.error_code = 35;
    }
    return encode_response(response, 0, header.correlation);
  };
  CHECK(world.ask());
  CHECK(world.broker.frames.size() == 3);
}

TEST_CASE("a request that the broker lacks names itself and the broker") {
  World world;
  world.broker.script_versions = [](const std::string& frame) -> FakeBroker::Reply {
    const auto header = read_header(frame);
    ApiVersionsResponse response;
    response.api_keys = {{3, 0, 5}};
    return encode_response(response, header.version, header.correlation);
  };
  const auto answer = world.ask();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::kUnsupported);
  CHECK(contains(answer.error().what, world.broker.address() + ": Metadata is needed in a version from 9 to 13"));
  CHECK(contains(answer.error().what, "it has 0 to 5"));
}

TEST_CASE("brokers are asked by the id that was learnt, and bootstrap servers stay the way back") {
  World world;
  FakeBroker second(world.io);
  second.script = [](const std::string& frame) { return FakeBroker::metadata(frame, "second"); };
  const auto ask = [&](int id) {
    return run(world.io, world.client->ask(id, MetadataRequest{}, world.clock.now() + 10s));
  };
  CHECK(ask(7).error().code == Code::kNotFound);
  std::vector<MetadataResponse::Broker> brokers(1);
  brokers[0].node_id = 7;
  brokers[0].host = "127.0.0.1";
  brokers[0].port = second.port();
  world.client->learn(brokers);
  CHECK_FALSE(world.client->version(7, MetadataRequest::kApi));
  CHECK(ask(7)->cluster_id == "second");
  CHECK(world.client->version(7, MetadataRequest::kApi) == 12);
  second.script = [](const std::string&) { return std::nullopt; };
  const auto gone = ask(7);
  REQUIRE_FALSE(gone);
  CHECK(contains(gone.error().what, "broker 7 at " + second.address()));
  CHECK(world.ask()->cluster_id == "fake");
}

TEST_CASE("a stop ends what waits") {
  World world;
  world.broker.script = [&](const std::string&) {
    world.client->cancel();
    return "";
  };
  CHECK(world.ask().error().code == Code::kCancelled);
  world.broker.script = [&](const std::string&) {
    world.client.reset();
    return "";
  };
  CHECK(world.ask().error().code == Code::kCancelled);
}

TEST_CASE("a pause that the broker asks for is kept") {
  World world;
  world.broker.script = [](const std::string& frame) { return FakeBroker::metadata(frame, "fake", 60'000); };
  REQUIRE(world.ask());
  const auto throttled = world.ask(20ms);
  REQUIRE_FALSE(throttled);
  CHECK(throttled.error().code == Code::kThrottled);
  CHECK(world.broker.frames.size() == 2);
  world.clock.advance(60s);
  CHECK(world.ask());
}

TEST_CASE("refused credentials carry the broker's words and are not tried again before the back-off is over") {
  World world;
  world.client = world.make(Sasl{"SCRAM-SHA-256", "me", "wrong"});
  world.broker.script = [](const std::string& frame) -> FakeBroker::Reply {
    const auto header = read_header(frame);
    if (header.key == 17) {
      SaslHandshakeResponse response;
      return encode_response(response, header.version, header.correlation);
    }
    SaslAuthenticateResponse response;
    response.error_code = 58;
    response.error_message = "Authentication failed for me";
    return encode_response(response, header.version, header.correlation);
  };
  for (int i = 0; i < 3; ++i) {
    const auto refused = world.ask();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kUnauthorized);
    CHECK(contains(refused.error().what, "Authentication failed for me"));
  }
  CHECK(world.broker.connections == 1);
  world.clock.advance(100ms);
  CHECK_FALSE(world.ask());
  CHECK(world.broker.connections == 2);
}

TEST_CASE("a mechanism that the broker lacks is an error that lists the others") {
  World world;
  world.client = world.make(Sasl{"SCRAM-SHA-256", "me", "secret"});
  world.broker.script = [](const std::string& frame) -> FakeBroker::Reply {
    const auto header = read_header(frame);
    SaslHandshakeResponse response;
    response.error_code = 33;
    response.mechanisms = {"GSSAPI", "PLAIN"};
    return encode_response(response, header.version, header.correlation);
  };
  CHECK(contains(world.ask().error().what, "only: GSSAPI, PLAIN"));
}
