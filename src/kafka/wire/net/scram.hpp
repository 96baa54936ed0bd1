// The client's side of SCRAM (RFC 5802, RFC 7677) without I/O: messages in, messages out. No channel binding, as in
// Kafka. The password is taken as the bytes that it is; Kafka's own clients don't prepare it either.
#pragma once
#include "sasl.hpp"

#include <string>
#include <string_view>

struct evp_md_st;

namespace penstock::kafka::wire {

class Scram final : public SaslClient {
 public:
  enum class Hash { kSha256, kSha512 };
  // Kafka stores no credential with fewer iterations; more than the second number would let a hostile broker burn our
  // processor: a million of SHA-512 take about a second.
  static constexpr int kFewestIterations = 4096, kMostIterations = 1'000'000;

  Scram(Hash hash, std::string_view username, std::string password, std::string nonce = random_nonce());

  std::string start() override;
  Result<std::optional<std::string>> step(std::string_view server) override;

  static std::string random_nonce();  // 24 random bytes as base64

 private:
  Result<std::string> prove(std::string_view server_first);
  Result<void> check(std::string_view server_final) const;

  enum class State { kFirst, kFinal, kDone };
  const evp_md_st* hash_;
  std::string password_, nonce_, client_first_bare_, server_signature_;
  State state_ = State::kFirst;
};

}  // namespace penstock::kafka::wire
