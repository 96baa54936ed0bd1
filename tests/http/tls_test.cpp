#include "http/raw_socket.hpp"

#include <penstock/base/stop.hpp>
#include <penstock/http/server.hpp>
#include <penstock/http/transport.hpp>
#include <penstock/pki/certificates.hpp>

#include <mutex>

#include <doctest/doctest.h>

using namespace penstock;
using http::Credentials;
using http::ServerTls;
using pki::CertificateAndKey;

namespace {

const WallTime kNow = SystemClock().wall();

CertificateAndKey authority(const std::string& name) {
  return *pki::make_authority(name, kNow, 24h);
}

CertificateAndKey leaf(const CertificateAndKey& by, const std::string& name, std::vector<std::string> addresses = {},
                       std::vector<std::string> names = {}) {
  return *pki::make_leaf(by,
                         {.common_name = name,
                          .dns_names = std::move(names),
                          .ip_addresses = std::move(addresses),
                          .server = true,
                          .client = true},
                         kNow, 1h);
}

std::unique_ptr<http::Server> start(http::TlsSource tls) {
  auto server = http::serve({.address = "127.0.0.1", .tls = std::move(tls)}, [](const http::ServerRequest& request) {
    return http::ServerResponse{.body = request.peer.certificate_verified ? "hello " + request.peer.common_name
                                                                          : "hello stranger"};
  });
  REQUIRE_MESSAGE(server, server.error().what);
  return std::move(*server);
}

http::TlsSource fixed(const CertificateAndKey& own, const std::string& client_authorities = "") {
  return [=] { return Result<ServerTls>(ServerTls{own.certificate, own.key, client_authorities}); };
}

// "hello ..." or the error's words.
std::string greet(const http::Server& server, const Credentials& credentials, const std::string& host = "127.0.0.1") {
  const auto transport = http::make_transport("https://" + host + ":" + std::to_string(server.port()),
                                              [&] { return Result<Credentials>(credentials); });
  const auto response = transport->send({.target = "/"}, 10s, {});
  return response ? response->body : response.error().to_string();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an address that the certificate names is trusted through the given authority") {
  const auto ca = authority("ca");
  const auto server = start(fixed(leaf(ca, "server", {"127.0.0.1"}, {"localhost"})));
  CHECK(greet(*server, {.certificate_authority = ca.certificate}) == "hello stranger");
  CHECK(greet(*server, {.certificate_authority = ca.certificate}, "localhost") == "hello stranger");
}

TEST_CASE("a certificate of another authority is refused, and the error says why") {
  const auto ca = authority("ca"), other = authority("other");
  const auto server = start(fixed(leaf(ca, "server", {"127.0.0.1"})));
  const auto answer = greet(*server, {.certificate_authority = other.certificate});
  CHECK(contains(answer, "unavailable: connecting to https://127.0.0.1:"));
  CHECK(contains(answer, "its certificate is refused: unable to get local issuer certificate"));
  // The machine's own trust store doesn't know it either.
  CHECK(contains(greet(*server, {}), "its certificate is refused"));
}

TEST_CASE("a certificate for another host is refused, by name and by address") {
  const auto ca = authority("ca");
  const auto named = start(fixed(leaf(ca, "127.0.0.1", {"127.0.0.2"}, {"kafka.example"})));
  CHECK(contains(greet(*named, {.certificate_authority = ca.certificate}), "IP address mismatch"));
  CHECK(contains(greet(*named, {.certificate_authority = ca.certificate}, "localhost"), "hostname mismatch"));
}

TEST_CASE("an expired certificate is refused") {
  const auto ca = authority("ca");
  const auto old =
      *pki::make_leaf(ca, {.common_name = "server", .ip_addresses = {"127.0.0.1"}, .server = true}, kNow - 1h, 30min);
  const auto server = start(fixed(old));
  CHECK(contains(greet(*server, {.certificate_authority = ca.certificate}), "certificate has expired"));
}

TEST_CASE("the server knows a client by its verified certificate, and answers one that has none") {
  const auto ca = authority("ca"), clients = authority("clients"), strangers = authority("strangers");
  const auto server = start(fixed(leaf(ca, "server", {"127.0.0.1"}), clients.certificate));
  const auto alice = leaf(clients, "alice"), mallory = leaf(strangers, "mallory");
  CHECK(greet(*server, {ca.certificate, alice.certificate, alice.key}) == "hello alice");
  CHECK(greet(*server, {ca.certificate}) == "hello stranger");
  CHECK(contains(greet(*server, {ca.certificate, mallory.certificate, mallory.key}), "unavailable"));
}

TEST_CASE("a client's rotated certificate is used for its next connection") {
  const auto ca = authority("ca");
  const auto alice = leaf(ca, "alice"), bob = leaf(ca, "bob");
  auto server = start(fixed(leaf(ca, "server", {"127.0.0.1"}), ca.certificate));
  const auto port = server->port();
  Credentials credentials{ca.certificate, alice.certificate, alice.key};
  const auto transport = http::make_transport("https://127.0.0.1:" + std::to_string(port),
                                              [&] { return Result<Credentials>(credentials); });
  CHECK(transport->send({.target = "/"}, 10s, {})->body == "hello alice");
  credentials.client_certificate = bob.certificate;
  credentials.client_key = bob.key;
  // A stream has connections of its own, so this is a new one.
  std::string seen;
  const auto streamed = transport->stream({.target = "/"},
                                          [&](std::string_view bytes) {
                                            seen += bytes;
                                            return true;
                                          },
                                          10s, {});
  REQUIRE_MESSAGE(streamed, streamed.error().what);
  CHECK(seen == "hello bob");
}

TEST_CASE("broken PEM texts are invalid, and a key must belong to its certificate") {
  const auto ca = authority("ca");
  const auto alice = leaf(ca, "alice"), bob = leaf(ca, "bob");
  const auto server = start(fixed(leaf(ca, "server", {"127.0.0.1"})));
  CHECK(greet(*server, {"nonsense"}) == "invalid: certificate authority of 127.0.0.1: no PEM certificate in it");
  CHECK(contains(greet(*server, {ca.certificate, alice.certificate, "nonsense"}), "invalid: client key: "));
  CHECK(greet(*server, {ca.certificate, alice.certificate, bob.key}) ==
        "invalid: client key: it doesn't belong to the certificate");
  const auto refused = http::serve({.address = "127.0.0.1", .tls = fixed({alice.certificate, bob.key})}, nullptr);
  REQUIRE(!refused);
  CHECK(refused.error().what == "server key: it doesn't belong to the certificate");
}

TEST_CASE("a server's rotated certificate is used for new connections, and a broken one is not") {
  const auto before = authority("before"), after = authority("after");
  std::mutex mutex;
  Result<ServerTls> tls = *fixed(leaf(before, "server", {"127.0.0.1"}))();
  int asked = 0;
  const auto server = start([&] {
    const std::lock_guard lock(mutex);
    ++asked;
    return tls;
  });
  CHECK(greet(*server, {before.certificate}) == "hello stranger");
  {
    const std::lock_guard lock(mutex);
    tls = *fixed(leaf(after, "server", {"127.0.0.1"}))();
  }
  // It is asked again within a second, and not more often.
  std::string answer;
  for (int i = 0; i < 200 && answer != "hello stranger"; ++i) {
    wait_for({}, 20ms);
    answer = greet(*server, {after.certificate});
  }
  CHECK(answer == "hello stranger");
  CHECK(asked <= 6);
  {
    const std::lock_guard lock(mutex);
    tls = fail(Code::kNotFound, "the Secret is gone");
    asked = 0;
  }
  for (int i = 0; i < 200; ++i) {
    wait_for({}, 20ms);
    CHECK(greet(*server, {after.certificate}) == "hello stranger");
    const std::lock_guard lock(mutex);
    if (asked > 0) break;
  }
  CHECK(asked > 0);
}

TEST_CASE("a client that doesn't speak TLS is dropped, and the next one is served") {
  const auto ca = authority("ca");
  const auto server = start(fixed(leaf(ca, "server", {"127.0.0.1"})));
  auto client = raw::Client::connect(server->port());
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(client.closed());
  CHECK(greet(*server, {ca.certificate}) == "hello stranger");
}
