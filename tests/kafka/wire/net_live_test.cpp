// Against a real broker; e2e/test_wire.py starts one and names its listeners. Without PENSTOCK_WIRE_BOOTSTRAP nothing
// is asked. PENSTOCK_WIRE_CA, _CERTIFICATE and _KEY are files; _MECHANISM, _USERNAME, _PASSWORD and _TOKEN are texts;
// _EXPECT is the code of the error that must come ("unauthorized"), or nothing.
#include "net_fake_broker.hpp"

#include <penstock/kafka/cluster.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace penstock;
using namespace penstock::kafka;
using namespace penstock::kafka::wire;

namespace {

std::string setting(const std::string& name) {
  const char* value = std::getenv(("PENSTOCK_WIRE_" + name).c_str());
  return value == nullptr ? "" : value;
}

std::string file(const std::string& name) {
  const std::string path = setting(name);
  if (path.empty()) return "";
  std::ifstream stream(path);
  REQUIRE(stream);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Connection connection() {
  Connection to;
  to.bootstrap_servers = setting("BOOTSTRAP");
  to.certificate_authority = file("CA");
  to.tls = !to.certificate_authority.empty();
  to.client_certificate = file("CERTIFICATE");
  to.client_key = file("KEY");
  if (const auto mechanism = setting("MECHANISM"); !mechanism.empty())
    to.sasl = Sasl{mechanism, setting("USERNAME"), setting("PASSWORD"), setting("TOKEN")};
  return to;
}

}  // namespace

TEST_CASE("a real broker is reached through this listener" * doctest::skip(setting("BOOTSTRAP").empty())) {
  asio::io_context io;
  const SystemClock clock;
  Client client(io, connection(), "penstock-tests", clock);
  MetadataRequest request;
  request.allow_auto_topic_creation = false;
  const auto metadata = run(io, client.ask_any(request, clock.now() + 20s));
  if (const auto expected = setting("EXPECT"); !expected.empty()) {
    REQUIRE_FALSE(metadata);
    MESSAGE(metadata.error().to_string());
    CHECK(to_string(metadata.error().code) == expected);
    return;
  }
  REQUIRE_MESSAGE(metadata, metadata.error().to_string());
  REQUIRE(metadata->brokers.size() == 1);
  client.learn(metadata->brokers);
  std::vector<asio::awaitable<Result<MetadataResponse>>> asks;
  for (int i = 0; i < 1000; ++i) asks.push_back(client.ask(metadata->brokers[0].node_id, request, clock.now() + 20s));
  for (const auto& answer : run_all(io, std::move(asks))) {
    REQUIRE_MESSAGE(answer, answer.error().to_string());
    CHECK(answer->cluster_id == metadata->cluster_id);
  }
  // The administrator's client, which is another one, takes the same credentials.
  const auto cluster = open_cluster(connection(), "penstock-tests");
  REQUIRE_MESSAGE(cluster, cluster.error().to_string());
  const auto info = (*cluster)->describe(20s);
  REQUIRE_MESSAGE(info, info.error().to_string());
  CHECK(info->cluster_id == metadata->cluster_id);
  MESSAGE("Metadata v", client.version(metadata->brokers[0].node_id, MetadataRequest::kApi).value_or(-1), ", ",
          client.traffic().connects, " connections");
}
