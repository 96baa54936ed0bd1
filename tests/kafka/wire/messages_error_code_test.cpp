#include "wire/messages/error_code.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka::wire;

TEST_CASE("an error code of Kafka becomes an error of ours") {
  const struct {
    std::int16_t number;
    const char* name;
    Code code;
    Retry retry;
  } rows[] = {
      {-1, "UNKNOWN_SERVER_ERROR", Code::kUnavailable, Retry::later()},
      {3, "UNKNOWN_TOPIC_OR_PARTITION", Code::kNotFound, Retry::later()},
      {6, "NOT_LEADER_OR_FOLLOWER", Code::kUnavailable, Retry::later()},
      {7, "REQUEST_TIMED_OUT", Code::kTimeout, Retry::later()},
      {16, "NOT_COORDINATOR", Code::kUnavailable, Retry::later()},
      {24, "INVALID_GROUP_ID", Code::kInvalid, Retry::never()},
      {29, "TOPIC_AUTHORIZATION_FAILED", Code::kForbidden, Retry::later()},
      {35, "UNSUPPORTED_VERSION", Code::kUnsupported, Retry::never()},
      {58, "SASL_AUTHENTICATION_FAILED", Code::kUnauthorized, Retry::later()},
      {69, "GROUP_ID_NOT_FOUND", Code::kNotFound, Retry::later()},
      {89, "THROTTLING_QUOTA_EXCEEDED", Code::kThrottled, Retry::after(1s)},
      {129, "REBOOTSTRAP_REQUIRED", Code::kUnavailable, Retry::later()},
      {321, "error 321", Code::kUnavailable, Retry::later()},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const ErrorCode code = to_error_code(row.number);
    const Error error = to_error(code);
    CHECK(name_of(code) == row.name);
    CHECK(error.code == row.code);
    CHECK(error.retry == row.retry);
    CHECK(error.what == std::string(sentence_of(code)) + " (" + row.name + ")");
  }
}

TEST_CASE("the broker's own words stand before ours") {
  CHECK(to_error(ErrorCode::kSaslAuthenticationFailed, "bad password").what ==
        "bad password (SASL_AUTHENTICATION_FAILED)");
}

TEST_CASE("an error that tells of a move says where to look anew") {
  CHECK(metadata_is_stale(ErrorCode::kNotLeaderOrFollower));
  CHECK(metadata_is_stale(ErrorCode::kUnknownTopicOrPartition));
  CHECK(metadata_is_stale(ErrorCode::kFencedLeaderEpoch));
  CHECK_FALSE(metadata_is_stale(ErrorCode::kOffsetNotAvailable));
  CHECK_FALSE(metadata_is_stale(ErrorCode::kTopicAuthorizationFailed));
  CHECK_FALSE(metadata_is_stale(ErrorCode::kNotCoordinator));
  CHECK(coordinator_is_stale(ErrorCode::kNotCoordinator));
  CHECK(coordinator_is_stale(ErrorCode::kCoordinatorNotAvailable));
  CHECK_FALSE(coordinator_is_stale(ErrorCode::kCoordinatorLoadInProgress));
  CHECK_FALSE(coordinator_is_stale(ErrorCode::kNotLeaderOrFollower));
}
