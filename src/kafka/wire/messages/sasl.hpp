// SaslHandshake names the mechanism; SaslAuthenticate carries its messages to and fro.
#pragma once
#include "../codec/field.hpp"

namespace penstock::kafka::wire {

struct SaslHandshakeResponse {
  static constexpr Api kApi{17, "SaslHandshake", 1, 1, kEver};

  std::int16_t error_code = 0;
  std::vector<std::string> mechanisms;  // what the broker accepts

  static void fields(auto& self, auto& io) {
    io("ErrorCode", self.error_code);
    io("Mechanisms", self.mechanisms);
  }
  bool operator==(const SaslHandshakeResponse&) const = default;
};

struct SaslHandshakeRequest {
  static constexpr Api kApi = SaslHandshakeResponse::kApi;
  using Response = SaslHandshakeResponse;

  std::string mechanism;

  static void fields(auto& self, auto& io) { io("Mechanism", self.mechanism); }
  bool operator==(const SaslHandshakeRequest&) const = default;
};

struct SaslAuthenticateResponse {
  static constexpr Api kApi{36, "SaslAuthenticate", 0, 2, 2};

  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  Bytes auth_bytes;
  std::int64_t session_lifetime_ms = 0;  // 0: no end; else authenticate again before (KIP-368)

  static void fields(auto& self, auto& io) {
    io("ErrorCode", self.error_code);
    io("ErrorMessage", self.error_message, {.nullable = from(0)});
    io("AuthBytes", self.auth_bytes);
    io("SessionLifetimeMs", self.session_lifetime_ms, {.versions = from(1)});
  }
  bool operator==(const SaslAuthenticateResponse&) const = default;
};

struct SaslAuthenticateRequest {
  static constexpr Api kApi = SaslAuthenticateResponse::kApi;
  using Response = SaslAuthenticateResponse;

  Bytes auth_bytes;

  static void fields(auto& self, auto& io) { io("AuthBytes", self.auth_bytes); }
  bool operator==(const SaslAuthenticateRequest&) const = default;
};

}  // namespace penstock::kafka::wire
