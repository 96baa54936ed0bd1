#include "connection.hpp"

namespace penstock::kafka {

Result<void> check(const Connection& connection) {
  const auto invalid = [](std::string what) { return fail(Code::kInvalid, std::move(what), Retry::never()); };
  if (connection.bootstrap_servers.empty()) return invalid("no bootstrap server is given");
  if (!connection.tls && (!connection.client_certificate.empty() || !connection.certificate_authority.empty()))
    return invalid("certificates are given for a connection without TLS");
  if (connection.client_certificate.empty() != connection.client_key.empty())
    return invalid("a client certificate and its key must be given together");
  if (!connection.sasl) return {};
  const std::string& mechanism = connection.sasl->mechanism;
  if (mechanism != "PLAIN" && mechanism != "SCRAM-SHA-256" && mechanism != "SCRAM-SHA-512")
    return invalid("SASL mechanism " + mechanism + " is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512");
  if (mechanism == "PLAIN" && !connection.tls)
    return invalid("SASL PLAIN without TLS would send the password in clear");
  if (connection.sasl->username.empty() || connection.sasl->password.empty())
    return invalid("SASL needs a username and a password");
  return {};
}

}  // namespace penstock::kafka
