// Kafka's error codes that a reading client can meet: what they mean, what they are to us, and what they say about the
// place that we asked.
#pragma once
#include <penstock/base/error.hpp>

#include <cstdint>

namespace penstock::kafka::wire {

// Kafka's names and numbers (org.apache.kafka.common.protocol.Errors).
enum class ErrorCode : std::int16_t {
  kUnknownServerError = -1,
  kNone = 0,
  kCorruptMessage = 2,
  kUnknownTopicOrPartition = 3,
  kLeaderNotAvailable = 5,
  kNotLeaderOrFollower = 6,
  kRequestTimedOut = 7,
  kBrokerNotAvailable = 8,
  kReplicaNotAvailable = 9,
  kNetworkException = 13,
  kCoordinatorLoadInProgress = 14,
  kCoordinatorNotAvailable = 15,
  kNotCoordinator = 16,
  kInvalidTopicException = 17,
  kInvalidGroupId = 24,
  kUnknownMemberId = 25,
  kRebalanceInProgress = 27,
  kTopicAuthorizationFailed = 29,
  kGroupAuthorizationFailed = 30,
  kClusterAuthorizationFailed = 31,
  kUnsupportedSaslMechanism = 33,
  kIllegalSaslState = 34,
  kUnsupportedVersion = 35,
  kNotController = 41,
  kInvalidRequest = 42,
  kUnsupportedForMessageFormat = 43,
  kTransactionalIdAuthorizationFailed = 53,
  kSecurityDisabled = 54,
  kKafkaStorageError = 56,
  kSaslAuthenticationFailed = 58,
  kGroupIdNotFound = 69,
  kListenerNotFound = 72,
  kFencedLeaderEpoch = 74,
  kUnknownLeaderEpoch = 75,
  kOffsetNotAvailable = 78,
  kUnstableOffsetCommit = 88,
  kThrottlingQuotaExceeded = 89,
  kResourceNotFound = 91,
  kPrincipalDeserializationFailure = 97,
  kUnknownTopicId = 100,
  kInconsistentTopicId = 103,
  kFencedMemberEpoch = 110,
  kStaleMemberEpoch = 113,
  kRebootstrapRequired = 129,
};

constexpr ErrorCode to_error_code(std::int16_t number) {
  return static_cast<ErrorCode>(number);
}

std::string name_of(ErrorCode code);           // NOT_COORDINATOR; "error 321" where Kafka has invented one since
std::string_view sentence_of(ErrorCode code);  // without a capital and a full stop, as the `what` of an Error

// `message`: what the broker said; where it said nothing, the code's sentence stands in. Not for kNone.
Error to_error(ErrorCode code, std::string_view message = {});

// After these of a topic or partition, the leader that we asked is probably the wrong one: ask for Metadata.
bool metadata_is_stale(ErrorCode code);
// After these of a group, look for its coordinator again.
bool coordinator_is_stale(ErrorCode code);

}  // namespace penstock::kafka::wire
