#include <penstock/kafka/cluster.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka;

namespace {

Connection to_nobody() {
  Connection connection;
  // Port 9 (discard) on loopback: refused at once.
  connection.bootstrap_servers = "127.0.0.1:9";
  return connection;
}

Error refused(const Connection& connection) {
  const auto opened = open_cluster(connection, "test");
  REQUIRE_FALSE(opened);
  return opened.error();
}

}  // namespace

TEST_CASE("a connection that can't be right is refused before anything is sent") {
  const Connection good = to_nobody();
  CHECK(open_cluster(good, "test"));

  Connection bad = good;
  bad.bootstrap_servers = "";
  CHECK(refused(bad).code == Code::kInvalid);

  bad = good;
  bad.sasl = Sasl{"PLAIN", "user", "secret"};
  CHECK(refused(bad).what == "SASL PLAIN without TLS would send the password in clear");

  bad.sasl->mechanism = "GSSAPI";
  CHECK(refused(bad).code == Code::kInvalid);

  bad.sasl = Sasl{"SCRAM-SHA-512", "user", ""};
  CHECK(refused(bad).code == Code::kInvalid);

  bad.sasl = Sasl{"OAUTHBEARER", "", "", "abc"};
  CHECK(refused(bad).what == "SASL OAUTHBEARER without TLS would send the token in clear");
  bad.tls = true;
  bad.sasl->token = "";
  CHECK(refused(bad).what == "SASL OAUTHBEARER needs a token of visible ASCII characters");
  bad.sasl->token = "hush hush";
  CHECK(refused(bad).code == Code::kInvalid);
  CHECK(refused(bad).what.find("hush") == std::string::npos);

  bad = good;
  bad.certificate_authority = "a certificate";
  CHECK(refused(bad).what == "certificates are given for a connection without TLS");

  bad = good;
  bad.tls = true;
  bad.client_certificate = "a certificate";
  CHECK(refused(bad).what == "a client certificate and its key must be given together");
}

TEST_CASE("what is not PEM is refused without being quoted") {
  Connection bad = to_nobody();
  bad.tls = true;
  bad.certificate_authority = "hush-hush";
  const Error error = refused(bad);
  CHECK(error.code == Code::kInvalid);
  CHECK(error.retry == Retry::never());
  CHECK(error.what.find("hush-hush") == std::string::npos);
}

TEST_CASE("SCRAM works with and without TLS, PLAIN and a token with it") {
  Connection connection = to_nobody();
  connection.sasl = Sasl{"SCRAM-SHA-256", "user", "secret"};
  CHECK(open_cluster(connection, "test"));
  connection.sasl->mechanism = "SCRAM-SHA-512";
  CHECK(open_cluster(connection, "test"));
  connection.tls = true;
  connection.sasl->mechanism = "PLAIN";
  CHECK(open_cluster(connection, "test"));
  connection.sasl = Sasl{"OAUTHBEARER", "", "", "abc.def-_~+/="};
  CHECK(open_cluster(connection, "test"));
}

TEST_CASE("where nobody listens the first call says so, and names the address") {
  const auto cluster = open_cluster(to_nobody(), "test");
  REQUIRE(cluster);
  const auto info = (*cluster)->describe(1s);
  REQUIRE_FALSE(info);
  CHECK(info.error().code == Code::kUnavailable);
  CHECK(info.error().what.starts_with("cannot reach 127.0.0.1:9: "));
  CHECK(info.error().what.find("refused") != std::string::npos);
}

TEST_CASE("a call about nothing is answered without asking") {
  const auto cluster = open_cluster(to_nobody(), "test");
  REQUIRE(cluster);
  CHECK((*cluster)->topics({}, 1s)->empty());
  CHECK((*cluster)->create_topics({}, 1s)->empty());
  CHECK((*cluster)->delete_acls({}, 1s)->empty());
  const auto nameless = (*cluster)->topics({""}, 1s);
  REQUIRE(nameless);
  CHECK(nameless->at("").error().code == Code::kInvalid);
}
