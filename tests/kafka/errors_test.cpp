#include "../../src/kafka/admin/errors.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka;

TEST_CASE("Kafka's errors become ours") {
  const struct {
    rd_kafka_resp_err_t error;
    Code code;
    Retry retry;
  } rows[] = {
      {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Code::kNotFound, Retry::later()},
      {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID, Code::kNotFound, Retry::later()},
      {RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, Code::kAlreadyExists, Retry::never()},
      {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, Code::kInvalid, Retry::never()},
      {RD_KAFKA_RESP_ERR_INVALID_CONFIG, Code::kInvalid, Retry::never()},
      {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, Code::kInvalid, Retry::never()},
      {RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, Code::kInvalid, Retry::never()},
      {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, Code::kInvalid, Retry::never()},
      {RD_KAFKA_RESP_ERR_REASSIGNMENT_IN_PROGRESS, Code::kConflict, Retry::later()},
      {RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, Code::kThrottled, Retry::after(1s)},
      {RD_KAFKA_RESP_ERR_SECURITY_DISABLED, Code::kUnsupported, Retry::never()},
      {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, Code::kUnsupported, Retry::never()},
      {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, Code::kUnsupported, Retry::never()},
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Code::kForbidden, Retry::later()},
      {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, Code::kForbidden, Retry::later()},
      {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, Code::kForbidden, Retry::later()},
      {RD_KAFKA_RESP_ERR__AUTHENTICATION, Code::kUnauthorized, Retry::later()},
      {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, Code::kUnauthorized, Retry::later()},
      {RD_KAFKA_RESP_ERR__TIMED_OUT, Code::kTimeout, Retry::later()},
      {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, Code::kTimeout, Retry::later()},
      {RD_KAFKA_RESP_ERR__TRANSPORT, Code::kUnavailable, Retry::later()},
      {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, Code::kUnavailable, Retry::later()},
      {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, Code::kUnavailable, Retry::later()},
      {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, Code::kUnavailable, Retry::later()},
      {RD_KAFKA_RESP_ERR_NOT_CONTROLLER, Code::kUnavailable, Retry::later()},
      {RD_KAFKA_RESP_ERR_UNKNOWN, Code::kUnavailable, Retry::later()},
  };
  for (const auto& row : rows) {
    CAPTURE(rd_kafka_err2name(row.error));
    CHECK(to_string(code_of(row.error)) == to_string(row.code));
    CHECK(to_error(row.error, nullptr).retry == row.retry);
  }
}

TEST_CASE("the broker's own words win over the code's description") {
  CHECK(to_error(RD_KAFKA_RESP_ERR_POLICY_VIOLATION, "too many partitions").what == "too many partitions");
  CHECK(to_error(RD_KAFKA_RESP_ERR_POLICY_VIOLATION, "").what == rd_kafka_err2str(RD_KAFKA_RESP_ERR_POLICY_VIOLATION));
  CHECK_FALSE(to_error(static_cast<const rd_kafka_error_t*>(nullptr)));
}
