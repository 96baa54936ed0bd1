// Our errors as gRPC's.
#pragma once
#include <penstock/base/error.hpp>

#include <grpcpp/grpcpp.h>

namespace penstock::scaler {

grpc::Status status_of(const Error& error);

}  // namespace penstock::scaler
