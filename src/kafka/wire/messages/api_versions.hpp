// ApiVersions: what a broker speaks; the first request on a connection.
//
// A broker that doesn't know the version asked for answers UNSUPPORTED_VERSION in version 0, whatever was asked: look
// at the first two bytes before decoding.
#pragma once
#include "../codec/field.hpp"

namespace penstock::kafka::wire {

struct ApiVersionsResponse {
  static constexpr Api kApi{18, "ApiVersions", 0, 4, 3};
  struct ApiKey {
    std::int16_t api_key = 0, min_version = 0, max_version = 0;
    static void fields(auto& self, auto& io) {
      io("ApiKey", self.api_key);
      io("MinVersion", self.min_version);
      io("MaxVersion", self.max_version);
    }
    bool operator==(const ApiKey&) const = default;
  };
  struct SupportedFeature {
    std::string name;
    std::int16_t min_version = 0, max_version = 0;
    static void fields(auto& self, auto& io) {
      io("Name", self.name, {.versions = from(3)});
      io("MinVersion", self.min_version, {.versions = from(3)});
      io("MaxVersion", self.max_version, {.versions = from(3)});
    }
    bool operator==(const SupportedFeature&) const = default;
  };
  struct FinalizedFeature {
    std::string name;
    std::int16_t max_version_level = 0, min_version_level = 0;
    static void fields(auto& self, auto& io) {
      io("Name", self.name, {.versions = from(3)});
      io("MaxVersionLevel", self.max_version_level, {.versions = from(3)});
      io("MinVersionLevel", self.min_version_level, {.versions = from(3)});
    }
    bool operator==(const FinalizedFeature&) const = default;
  };

  std::int16_t error_code = 0;
  std::vector<ApiKey> api_keys;
  std::int32_t throttle_time_ms = 0;
  std::vector<SupportedFeature> supported_features;
  std::int64_t finalized_features_epoch = -1;
  std::vector<FinalizedFeature> finalized_features;
  bool zk_migration_ready = false;

  static void fields(auto& self, auto& io) {
    io("ErrorCode", self.error_code);
    io("ApiKeys", self.api_keys);
    io("ThrottleTimeMs", self.throttle_time_ms, {.versions = from(1)});
    io("SupportedFeatures", self.supported_features, {.versions = from(3), .tag = 0});
    io("FinalizedFeaturesEpoch", self.finalized_features_epoch, {.versions = from(3), .tag = 1, .absent = -1});
    io("FinalizedFeatures", self.finalized_features, {.versions = from(3), .tag = 2});
    io("ZkMigrationReady", self.zk_migration_ready, {.versions = from(3), .tag = 3});
  }
  bool operator==(const ApiVersionsResponse&) const = default;
};

struct ApiVersionsRequest {
  static constexpr Api kApi = ApiVersionsResponse::kApi;
  using Response = ApiVersionsResponse;

  std::string client_software_name, client_software_version;  // letters, digits, dots and dashes, or the broker refuses

  static void fields(auto& self, auto& io) {
    io("ClientSoftwareName", self.client_software_name, {.versions = from(3)});
    io("ClientSoftwareVersion", self.client_software_version, {.versions = from(3)});
  }
  bool operator==(const ApiVersionsRequest&) const = default;
};

}  // namespace penstock::kafka::wire
