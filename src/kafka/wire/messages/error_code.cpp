#include "error_code.hpp"

#include "../../retry.hpp"

#include <algorithm>
#include <iterator>

namespace penstock::kafka::wire {
namespace {

struct Row {
  ErrorCode code;
  const char* name;
  Code ours;
  const char* sentence;
};

// By number.
constexpr Row kRows[] = {
    {ErrorCode::kUnknownServerError, "UNKNOWN_SERVER_ERROR", Code::kUnavailable,
     "the broker met an error that it did not expect; its log says more"},
    {ErrorCode::kNone, "NONE", Code::kInternal, "no error"},
    {ErrorCode::kCorruptMessage, "CORRUPT_MESSAGE", Code::kUnavailable, "the broker found a damaged record"},
    {ErrorCode::kUnknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PARTITION", Code::kNotFound,
     "this broker has no such topic or partition"},
    {ErrorCode::kLeaderNotAvailable, "LEADER_NOT_AVAILABLE", Code::kUnavailable,
     "the partition has no leader at the moment"},
    {ErrorCode::kNotLeaderOrFollower, "NOT_LEADER_OR_FOLLOWER", Code::kUnavailable,
     "the partition's leader is another broker now"},
    {ErrorCode::kRequestTimedOut, "REQUEST_TIMED_OUT", Code::kTimeout, "the broker did not finish in time"},
    {ErrorCode::kBrokerNotAvailable, "BROKER_NOT_AVAILABLE", Code::kUnavailable, "the broker is not available"},
    {ErrorCode::kReplicaNotAvailable, "REPLICA_NOT_AVAILABLE", Code::kUnavailable,
     "the partition's replica is not available on this broker"},
    {ErrorCode::kNetworkException, "NETWORK_EXCEPTION", Code::kUnavailable,
     "the broker lost a connection before it had an answer"},
    {ErrorCode::kCoordinatorLoadInProgress, "COORDINATOR_LOAD_IN_PROGRESS", Code::kUnavailable,
     "the group's coordinator is still loading its state"},
    {ErrorCode::kCoordinatorNotAvailable, "COORDINATOR_NOT_AVAILABLE", Code::kUnavailable,
     "the group has no coordinator at the moment"},
    {ErrorCode::kNotCoordinator, "NOT_COORDINATOR", Code::kUnavailable,
     "the group's coordinator is another broker now"},
    {ErrorCode::kInvalidTopicException, "INVALID_TOPIC_EXCEPTION", Code::kInvalid, "the topic's name is not valid"},
    {ErrorCode::kInvalidGroupId, "INVALID_GROUP_ID", Code::kInvalid, "the group's name is not valid"},
    {ErrorCode::kUnknownMemberId, "UNKNOWN_MEMBER_ID", Code::kConflict, "the group has no such member"},
    {ErrorCode::kRebalanceInProgress, "REBALANCE_IN_PROGRESS", Code::kUnavailable, "the group is rebalancing"},
    {ErrorCode::kTopicAuthorizationFailed, "TOPIC_AUTHORIZATION_FAILED", Code::kForbidden,
     "the account may not describe this topic"},
    {ErrorCode::kGroupAuthorizationFailed, "GROUP_AUTHORIZATION_FAILED", Code::kForbidden,
     "the account may not describe this group"},
    {ErrorCode::kClusterAuthorizationFailed, "CLUSTER_AUTHORIZATION_FAILED", Code::kForbidden,
     "the account may not describe the cluster"},
    {ErrorCode::kUnsupportedSaslMechanism, "UNSUPPORTED_SASL_MECHANISM", Code::kUnauthorized,
     "the broker does not offer this SASL mechanism"},
    {ErrorCode::kIllegalSaslState, "ILLEGAL_SASL_STATE", Code::kUnauthorized,
     "the broker did not expect this step of the authentication"},
    {ErrorCode::kUnsupportedVersion, "UNSUPPORTED_VERSION", Code::kUnsupported,
     "the broker does not speak this version of the request"},
    {ErrorCode::kNotController, "NOT_CONTROLLER", Code::kUnavailable, "the controller is another node now"},
    {ErrorCode::kInvalidRequest, "INVALID_REQUEST", Code::kInvalid, "the broker refused the request as malformed"},
    {ErrorCode::kUnsupportedForMessageFormat, "UNSUPPORTED_FOR_MESSAGE_FORMAT", Code::kUnsupported,
     "the topic's record format is too old for this request"},
    {ErrorCode::kTransactionalIdAuthorizationFailed, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", Code::kForbidden,
     "the account may not describe this transactional id"},
    {ErrorCode::kSecurityDisabled, "SECURITY_DISABLED", Code::kUnsupported, "the cluster has no authorizer"},
    {ErrorCode::kKafkaStorageError, "KAFKA_STORAGE_ERROR", Code::kUnavailable,
     "the broker can't read the partition's disk"},
    {ErrorCode::kSaslAuthenticationFailed, "SASL_AUTHENTICATION_FAILED", Code::kUnauthorized,
     "the broker refused the credentials"},
    {ErrorCode::kGroupIdNotFound, "GROUP_ID_NOT_FOUND", Code::kNotFound,
     "there is no such group, or it is of another type"},
    {ErrorCode::kListenerNotFound, "LISTENER_NOT_FOUND", Code::kUnavailable,
     "the partition's leader has no listener of the kind that this connection uses"},
    {ErrorCode::kFencedLeaderEpoch, "FENCED_LEADER_EPOCH", Code::kUnavailable,
     "the partition has had another leader election since its leader was looked up"},
    {ErrorCode::kUnknownLeaderEpoch, "UNKNOWN_LEADER_EPOCH", Code::kUnavailable,
     "the broker has not yet heard of the partition's latest leader election"},
    {ErrorCode::kOffsetNotAvailable, "OFFSET_NOT_AVAILABLE", Code::kUnavailable,
     "the new leader can't vouch for the partition's end yet"},
    {ErrorCode::kUnstableOffsetCommit, "UNSTABLE_OFFSET_COMMIT", Code::kUnavailable,
     "an open transaction holds the group's commit"},
    {ErrorCode::kThrottlingQuotaExceeded, "THROTTLING_QUOTA_EXCEEDED", Code::kThrottled,
     "a quota of the cluster is used up"},
    {ErrorCode::kResourceNotFound, "RESOURCE_NOT_FOUND", Code::kNotFound,
     "the request names a thing that does not exist"},
    {ErrorCode::kPrincipalDeserializationFailure, "PRINCIPAL_DESERIALIZATION_FAILURE", Code::kUnavailable,
     "the brokers can't hand our identity on among themselves"},
    {ErrorCode::kUnknownTopicId, "UNKNOWN_TOPIC_ID", Code::kNotFound, "this broker has no topic of this id"},
    {ErrorCode::kInconsistentTopicId, "INCONSISTENT_TOPIC_ID", Code::kUnavailable,
     "the topic was made again under its old name"},
    {ErrorCode::kFencedMemberEpoch, "FENCED_MEMBER_EPOCH", Code::kConflict, "the group has put the member out"},
    {ErrorCode::kStaleMemberEpoch, "STALE_MEMBER_EPOCH", Code::kConflict, "the member's epoch is out of date"},
    {ErrorCode::kRebootstrapRequired, "REBOOTSTRAP_REQUIRED", Code::kUnavailable,
     "what is known of the cluster is out of date; begin again at its bootstrap servers"},
};

const Row* find(ErrorCode code) {
  const auto* row = std::lower_bound(std::begin(kRows), std::end(kRows), code,
                                     [](const Row& each, ErrorCode wanted) { return each.code < wanted; });
  return row != std::end(kRows) && row->code == code ? row : nullptr;
}

}  // namespace

std::string name_of(ErrorCode code) {
  const Row* row = find(code);
  return row ? row->name : "error " + std::to_string(static_cast<int>(code));
}

std::string_view sentence_of(ErrorCode code) {
  const Row* row = find(code);
  return row ? row->sentence : "an error that this program doesn't know";
}

Error to_error(ErrorCode code, std::string_view message) {
  const Row* row = find(code);
  // What a later Kafka invents may pass, so somebody will try again.
  const Code ours = row ? row->ours : Code::kUnavailable;
  std::string what(message.empty() ? sentence_of(code) : message);
  return Error{ours, what + " (" + name_of(code) + ")", retry_of(ours)};
}

bool metadata_is_stale(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kUnknownTopicId:
    case ErrorCode::kInconsistentTopicId:
    case ErrorCode::kLeaderNotAvailable:
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kReplicaNotAvailable:
    case ErrorCode::kBrokerNotAvailable:
    case ErrorCode::kListenerNotFound:
    case ErrorCode::kFencedLeaderEpoch:
    case ErrorCode::kUnknownLeaderEpoch:
    case ErrorCode::kKafkaStorageError:
    case ErrorCode::kRebootstrapRequired:
      return true;
    default:
      return false;
  }
}

bool coordinator_is_stale(ErrorCode code) {
  // One that is loading is the right one: it only needs time.
  return code == ErrorCode::kNotCoordinator || code == ErrorCode::kCoordinatorNotAvailable;
}

}  // namespace penstock::kafka::wire
