#include "sasl.hpp"

#include "scram.hpp"

#include <algorithm>
#include <utility>

namespace penstock::kafka::wire {
namespace {

// RFC 4616: one message, and an empty answer.
class Plain final : public SaslClient {
 public:
  explicit Plain(const Sasl& sasl) : message_('\0' + sasl.username + '\0' + sasl.password) {}
  std::string start() override { return message_; }
  Result<std::optional<std::string>> step(std::string_view) override { return std::optional<std::string>(); }

 private:
  std::string message_;
};

// RFC 7628. A refusal is a JSON text, to which the client says \1 so that the broker can end the exchange.
class OAuthBearer final : public SaslClient {
 public:
  explicit OAuthBearer(const std::string& token) : message_("n,,\1auth=Bearer " + token + "\1\1") {}
  std::string start() override { return message_; }
  Result<std::optional<std::string>> step(std::string_view server) override {
    if (!refusal_.empty()) return fail(Code::kUnauthorized, "OAUTHBEARER: the broker refuses the token: " + refusal_);
    if (server.empty()) return std::optional<std::string>();
    refusal_ = server.substr(0, 200);
    return std::optional<std::string>("\1");
  }

 private:
  std::string message_, refusal_;
};

std::unexpected<Error> invalid(const std::string& what) {
  return fail(Code::kInvalid, what, Retry::never());
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

Result<std::unique_ptr<SaslClient>> make_sasl(const Sasl& sasl, bool tls) {
  if (sasl.mechanism == "OAUTHBEARER") {
    if (!tls) return invalid("SASL OAUTHBEARER without TLS would send the token in clear");
    if (!is_token(sasl.token)) return invalid("SASL OAUTHBEARER needs a token of visible ASCII characters");
    return std::make_unique<OAuthBearer>(sasl.token);
  }
  if (sasl.mechanism == "PLAIN" && !tls) return invalid("SASL PLAIN without TLS would send the password in clear");
  if (sasl.username.empty() || sasl.password.empty()) return invalid("SASL needs a username and a password");
  if (sasl.username.find('\0') != std::string::npos || sasl.password.find('\0') != std::string::npos)
    return invalid("SASL can't carry a zero byte in a username or a password");
  if (sasl.mechanism == "PLAIN") return std::make_unique<Plain>(sasl);
  if (sasl.mechanism == "SCRAM-SHA-256")
    return std::make_unique<Scram>(Scram::Hash::kSha256, sasl.username, sasl.password);
  if (sasl.mechanism == "SCRAM-SHA-512")
    return std::make_unique<Scram>(Scram::Hash::kSha512, sasl.username, sasl.password);
  return invalid("SASL mechanism " + sasl.mechanism + " is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER");
}

}  // namespace penstock::kafka::wire
