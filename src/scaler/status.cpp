#include "status.hpp"

namespace penstock::scaler {

grpc::Status status_of(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      return {grpc::StatusCode::INVALID_ARGUMENT, error.what};
    case Code::kNotFound:
      return {grpc::StatusCode::NOT_FOUND, error.what};
    case Code::kUnauthorized:
      return {grpc::StatusCode::UNAUTHENTICATED, error.what};
    case Code::kForbidden:
      return {grpc::StatusCode::PERMISSION_DENIED, error.what};
    case Code::kThrottled:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, error.what};
    case Code::kUnsupported:
      return {grpc::StatusCode::UNIMPLEMENTED, error.what};
    case Code::kInternal:
      return {grpc::StatusCode::INTERNAL, error.what};
    default:
      return {grpc::StatusCode::UNAVAILABLE, error.what};
  }
}

}  // namespace penstock::scaler
