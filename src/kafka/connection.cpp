#include "connection.hpp"

#include <algorithm>

namespace penstock::kafka {
namespace {

std::unexpected<Error> invalid(std::string what) {
  return fail(Code::kInvalid, std::move(what), Retry::never());
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

Result<void> check(const Connection& connection) {
  if (connection.bootstrap_servers.empty()) return invalid("no bootstrap server is given");
  if (!connection.tls && (!connection.client_certificate.empty() || !connection.certificate_authority.empty()))
    return invalid("certificates are given for a connection without TLS");
  if (connection.client_certificate.empty() != connection.client_key.empty())
    return invalid("a client certificate and its key must be given together");
  return connection.sasl ? check(*connection.sasl, connection.tls) : Result<void>();
}

Result<void> check(const Sasl& sasl, bool tls) {
  if (sasl.mechanism == "OAUTHBEARER") {
    if (!tls) return invalid("SASL OAUTHBEARER without TLS would send the token in clear");
    if (!is_token(sasl.token)) return invalid("SASL OAUTHBEARER needs a token of visible ASCII characters");
    return {};
  }
  if (sasl.mechanism != "PLAIN" && sasl.mechanism != "SCRAM-SHA-256" && sasl.mechanism != "SCRAM-SHA-512")
    return invalid("SASL mechanism " + sasl.mechanism + " is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER");
  if (sasl.mechanism == "PLAIN" && !tls) return invalid("SASL PLAIN without TLS would send the password in clear");
  if (sasl.username.empty() || sasl.password.empty()) return invalid("SASL needs a username and a password");
  if (sasl.username.find('\0') != std::string::npos || sasl.password.find('\0') != std::string::npos)
    return invalid("SASL can't carry a zero byte in a username or a password");
  return {};
}

}  // namespace penstock::kafka
