#include <penstock/kafka/types.hpp>

#include <doctest/doctest.h>
#include <wire/net/address.hpp>
#include <wire/net/scram.hpp>

using namespace penstock;
using namespace penstock::kafka;
using namespace penstock::kafka::wire;

namespace {

// RFC 7677, 3.
const std::string kNonce = "rOprNGfwEbeRWgbNEkqO";
const std::string kFullNonce = kNonce + "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string kSalt = "W22ZaJ0SNY7soEsUEjb6gQ==";

Scram rfc() {
  return Scram(Scram::Hash::kSha256, "user", "pencil", kNonce);
}

std::string refusal(const std::string& server_first) {
  auto scram = rfc();
  scram.start();
  const auto answer = scram.step(server_first);
  return answer ? "accepted" : answer.error().to_string();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("SCRAM-SHA-256 says what RFC 7677 says and believes its server") {
  auto scram = rfc();
  CHECK(scram.start() == "n,,n=user,r=" + kNonce);
  const auto proof = scram.step("r=" + kFullNonce + ",s=" + kSalt + ",i=4096");
  REQUIRE(proof);
  CHECK(**proof == "c=biws,r=" + kFullNonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  const auto end = scram.step("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  REQUIRE(end);
  CHECK_FALSE(*end);
  CHECK_FALSE(scram.step("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
}

TEST_CASE("a server that doesn't know the password is refused") {
  for (const std::string bad :
       {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=", "",
        "v=6rri", "e=other-error"}) {
    auto scram = rfc();
    scram.start();
    REQUIRE(scram.step("r=" + kFullNonce + ",s=" + kSalt + ",i=4096"));
    const auto end = scram.step(bad);
    REQUIRE_FALSE(end);
    CHECK(end.error().code == Code::kUnauthorized);
  }
}

TEST_CASE("a hostile first message is refused before any hashing") {
  CHECK(refusal("r=" + kFullNonce + ",s=" + kSalt + ",i=4096") == "accepted");
  for (const std::string count : {"4095", "1000001", "99999999999999", "-4096", "", "4096x", "0"})
    CHECK(contains(refusal("r=" + kFullNonce + ",s=" + kSalt + ",i=" + count), "iterations"));
  CHECK(contains(refusal("r=other,s=" + kSalt + ",i=4096"), "nonce"));
  CHECK(contains(refusal("r=" + kNonce + ",s=" + kSalt + ",i=4096"), "nonce"));
  CHECK(contains(refusal("r=" + kFullNonce + ",s=,i=4096"), "salt"));
  CHECK(contains(refusal("r=" + kFullNonce + ",s=***,i=4096"), "salt"));
  CHECK(contains(refusal("m=ext,r=" + kFullNonce + ",s=" + kSalt + ",i=4096"), "can't be read"));
  CHECK(contains(refusal(""), "can't be read"));
}

TEST_CASE("a name's commas and equals signs are escaped, and nonces differ") {
  CHECK(Scram(Scram::Hash::kSha512, "a,b=c", "x", "n").start() == "n,,n=a=2Cb=3Dc,r=n");
  CHECK(Scram::random_nonce() != Scram::random_nonce());
  CHECK(Scram::random_nonce().size() == 32);
}

TEST_CASE("credentials that would travel in clear, or that are missing, are not sent") {
  const auto code = [](const Sasl& sasl, bool tls) {
    const auto made = make_sasl(sasl, tls);
    return made ? "fine" : made.error().to_string();
  };
  CHECK(contains(code({"PLAIN", "me", "secret"}, false), "in clear"));
  CHECK(code({"PLAIN", "me", "secret"}, true) == "fine");
  CHECK(code({"SCRAM-SHA-512", "me", "secret"}, false) == "fine");
  CHECK(contains(code({"SCRAM-SHA-512", "me", ""}, true), "needs a username and a password"));
  CHECK(contains(code({"OAUTHBEARER", "", "", "abc"}, false), "in clear"));
  CHECK(contains(code({"OAUTHBEARER", "", "", "a\1b"}, true), "visible"));
  CHECK(contains(code({"GSSAPI", "me", "secret"}, true), "is none of"));
  CHECK((*make_sasl({"PLAIN", "me", "secret"}, true))->start() == std::string("\0me\0secret", 10));
}

TEST_CASE("a refused token is answered so that the broker can end the exchange") {
  const auto client = *make_sasl({"OAUTHBEARER", "", "", "abc"}, true);
  CHECK(client->start() == "n,,\1auth=Bearer abc\1\1");
  const auto answer = client->step("{\"status\":\"invalid_token\"}");
  REQUIRE(answer);
  CHECK(**answer == "\1");
  const auto end = client->step("");
  REQUIRE_FALSE(end);
  CHECK(end.error().code == Code::kUnauthorized);
  CHECK(contains(end.error().what, "invalid_token"));
}

TEST_CASE("bootstrap servers are read, with IPv6 in brackets, and nonsense is refused") {
  const auto found = parse_addresses("a:1, [::1]:2,,a:1");
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK((*found)[0].to_string() == "a:1");
  CHECK((*found)[1].to_string() == "[::1]:2");
  for (const std::string bad : {"", ",", "a", ":1", "a:", "a:0", "a:65536", "a:1x", "::1:9", "[]:1"})
    CHECK_FALSE(parse_addresses(bad));
}
