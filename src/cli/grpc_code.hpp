// What a gRPC status means to us.
#pragma once
#include <penstock/base/error.hpp>

#include <grpcpp/support/status.h>

namespace penstock::cli {

inline Code code_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return Code::kNotFound;
    case grpc::StatusCode::FAILED_PRECONDITION:
      return Code::kInvalid;
    case grpc::StatusCode::UNAUTHENTICATED:
      return Code::kUnauthorized;
    case grpc::StatusCode::PERMISSION_DENIED:
      return Code::kForbidden;
    case grpc::StatusCode::UNIMPLEMENTED:
      return Code::kUnsupported;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Code::kThrottled;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Code::kTimeout;
    default:
      return Code::kUnavailable;
  }
}

}  // namespace penstock::cli
