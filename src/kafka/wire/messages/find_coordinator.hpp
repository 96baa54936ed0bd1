// FindCoordinator: the broker that keeps a group; many groups in one request from version 4 on (KIP-699).
//
// Version 3 has one `key` and the answer's own node; from 4 on `coordinator_keys` and `coordinators` count.
#pragma once
#include "../codec/field.hpp"

namespace penstock::kafka::wire {

inline constexpr std::int8_t kGroupKey = 0;  // of every kind of group

struct FindCoordinatorResponse {
  static constexpr Api kApi{10, "FindCoordinator", 3, 6, 3};  // 4: Kafka 3.0
  struct Coordinator {
    std::string key;
    std::int32_t node_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    static void fields(auto& self, auto& io) {
      io("Key", self.key, {.versions = from(4)});
      io("NodeId", self.node_id, {.versions = from(4)});
      io("Host", self.host, {.versions = from(4)});
      io("Port", self.port, {.versions = from(4)});
      io("ErrorCode", self.error_code, {.versions = from(4)});
      io("ErrorMessage", self.error_message, {.versions = from(4), .nullable = from(4)});
    }
    bool operator==(const Coordinator&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  std::int32_t node_id = 0;
  std::string host;
  std::int32_t port = 0;
  std::vector<Coordinator> coordinators;

  static void fields(auto& self, auto& io) {
    io("ThrottleTimeMs", self.throttle_time_ms, {.versions = from(1)});
    io("ErrorCode", self.error_code, {.versions = up_to(3)});
    io("ErrorMessage", self.error_message, {.versions = {1, 3}, .nullable = {1, 3}});
    io("NodeId", self.node_id, {.versions = up_to(3)});
    io("Host", self.host, {.versions = up_to(3)});
    io("Port", self.port, {.versions = up_to(3)});
    io("Coordinators", self.coordinators, {.versions = from(4)});
  }
  bool operator==(const FindCoordinatorResponse&) const = default;
};

struct FindCoordinatorRequest {
  static constexpr Api kApi = FindCoordinatorResponse::kApi;
  using Response = FindCoordinatorResponse;

  std::string key;
  std::int8_t key_type = kGroupKey;
  std::vector<std::string> coordinator_keys;

  static void fields(auto& self, auto& io) {
    io("Key", self.key, {.versions = up_to(3)});
    io("KeyType", self.key_type, {.versions = from(1)});
    io("CoordinatorKeys", self.coordinator_keys, {.versions = from(4)});
  }
  bool operator==(const FindCoordinatorRequest&) const = default;
};

}  // namespace penstock::kafka::wire
