#include "sasl.hpp"

#include "../../connection.hpp"
#include "scram.hpp"

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

}  // namespace

Result<std::unique_ptr<SaslClient>> make_sasl(const Sasl& sasl, bool tls) {
  if (auto valid = check(sasl, tls); !valid) return std::unexpected(valid.error());
  if (sasl.mechanism == "OAUTHBEARER") return std::make_unique<OAuthBearer>(sasl.token);
  if (sasl.mechanism == "PLAIN") return std::make_unique<Plain>(sasl);
  const auto hash = sasl.mechanism == "SCRAM-SHA-256" ? Scram::Hash::kSha256 : Scram::Hash::kSha512;
  return std::make_unique<Scram>(hash, sasl.username, sasl.password);
}

}  // namespace penstock::kafka::wire
