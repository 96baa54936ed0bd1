#include "net_fake_broker.hpp"

using namespace penstock;
using namespace penstock::kafka;
using namespace penstock::kafka::wire;

namespace {

const WallTime kNow = SystemClock().wall();

pki::CertificateAndKey authority(const std::string& name) {
  return *pki::make_authority(name, kNow, 24h);
}
pki::CertificateAndKey leaf(const pki::CertificateAndKey& by, std::vector<std::string> names,
                            std::vector<std::string> addresses, WallTime from = kNow) {
  return *pki::make_leaf(by,
                         {.common_name = "leaf",
                          .dns_names = std::move(names),
                          .ip_addresses = std::move(addresses),
                          .server = true,
                          .client = true},
                         from, 1h);
}

std::shared_ptr<asio::ssl::context> server(const pki::CertificateAndKey& own, const std::string& clients = "") {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  context->use_certificate_chain(asio::buffer(own.certificate));
  context->use_private_key(asio::buffer(own.key), asio::ssl::context::pem);
  if (!clients.empty()) {
    context->add_certificate_authority(asio::buffer(clients));
    context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  return context;
}

// "fine" or the error's words.
std::string ask(const std::shared_ptr<asio::ssl::context>& context, Connection connection,
                const std::string& host = "127.0.0.1") {
  asio::io_context io;
  FakeBroker broker(io, context);
  connection.tls = true;
  connection.bootstrap_servers = broker.address(host);
  const SystemClock clock;
  Client client(io, connection, "tests", clock);
  const auto answer = run(io, client.ask_any(MetadataRequest{}, clock.now() + 10s));
  return answer ? "fine" : answer.error().to_string();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Connection trusting(const pki::CertificateAndKey& ca) {
  Connection connection;
  connection.certificate_authority = ca.certificate;
  return connection;
}

}  // namespace

TEST_CASE("a broker is believed by its authority and its name or address") {
  const auto ca = authority("ca"), other = authority("other");
  const auto good = server(leaf(ca, {"localhost"}, {"127.0.0.1"}));
  CHECK(ask(good, trusting(ca)) == "fine");
  CHECK(ask(good, trusting(ca), "localhost") == "fine");
  CHECK(contains(ask(good, trusting(other)), "its certificate is refused: unable to get local issuer"));
  CHECK(contains(ask(good, Connection{}), "its certificate is refused"));
  const auto elsewhere = server(leaf(ca, {"elsewhere"}, {"127.0.0.2"}));
  CHECK(contains(ask(elsewhere, trusting(ca)), "IP address mismatch"));
  CHECK(contains(ask(elsewhere, trusting(ca), "localhost"), "hostname mismatch"));
  const auto old = server(leaf(ca, {}, {"127.0.0.1"}, kNow - 2h));
  CHECK(contains(ask(old, trusting(ca)), "certificate has expired"));
}

TEST_CASE("a broker that wants a client's certificate gets ours, and without it nobody is served") {
  const auto ca = authority("ca"), strangers = authority("strangers");
  const auto wanting = server(leaf(ca, {}, {"127.0.0.1"}), ca.certificate);
  auto connection = trusting(ca);
  CHECK(contains(ask(wanting, connection), "unavailable"));
  const auto me = leaf(ca, {}, {}), stranger = leaf(strangers, {}, {});
  connection.client_certificate = me.certificate;
  connection.client_key = me.key;
  CHECK(ask(wanting, connection) == "fine");
  connection.client_key = stranger.key;
  CHECK(contains(ask(wanting, connection), "invalid: client key"));
  connection.client_certificate = stranger.certificate;
  CHECK(contains(ask(wanting, connection), "unavailable"));
}

TEST_CASE("texts that aren't certificates are named") {
  const auto ca = authority("ca");
  auto connection = trusting(ca);
  connection.client_certificate = "nonsense";
  CHECK(contains(ask(server(leaf(ca, {}, {"127.0.0.1"})), connection), "invalid: client certificate"));
  connection = {};
  connection.certificate_authority = "nonsense";
  CHECK(contains(ask(server(leaf(ca, {}, {"127.0.0.1"})), connection), "invalid: certificate authority"));
}

TEST_CASE("a broker that speaks no TLS is not waited for") {
  const auto ca = authority("ca");
  asio::io_context io;
  FakeBroker broker(io);
  auto connection = trusting(ca);
  connection.tls = true;
  connection.bootstrap_servers = broker.address();
  const SystemClock clock;
  Client client(io, connection, "tests", clock);
  const auto answer = run(io, client.ask_any(MetadataRequest{}, clock.now() + 200ms));
  CHECK_FALSE(answer);
}

TEST_CASE("a session that the broker ends is followed by a new connection before its end") {
  const auto ca = authority("ca");
  asio::io_context io;
  FakeBroker broker(io, server(leaf(ca, {}, {"127.0.0.1"})));
  broker.script = [](const std::string& frame) -> FakeBroker::Reply {
    const auto header = read_header(frame);
    if (header.key == SaslHandshakeRequest::kApi.key)
      return encode_response(SaslHandshakeResponse{}, header.version, header.correlation);
    if (header.key == MetadataRequest::kApi.key) return FakeBroker::metadata(frame);
    SaslAuthenticateResponse response;
    response.session_lifetime_ms = 1000;
    return encode_response(response, header.version, header.correlation);
  };
  auto connection = trusting(ca);
  connection.tls = true;
  connection.sasl = Sasl{"PLAIN", "me", "secret"};
  connection.bootstrap_servers = broker.address();
  ManualClock clock;
  Client client(io, connection, "tests", clock);
  const auto ask = [&] { return run(io, client.ask_any(MetadataRequest{}, clock.now() + 10s)).has_value(); };
  CHECK(ask());
  clock.advance(799ms);
  CHECK(ask());
  CHECK(broker.connections == 1);
  clock.advance(1ms);
  CHECK(ask());
  CHECK(broker.connections == 2);
}
