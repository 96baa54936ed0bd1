// gRPC to penstock-scaler: both sides show a certificate, and each trusts the authorities of its own Secret only.
#pragma once
#include <penstock/api/tls_secret.hpp>

#include <functional>
#include <memory>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/security/server_credentials.h>

namespace penstock::rpc {

// Asked at each handshake, on gRPC's threads; an error leaves what was there before.
using TlsSource = std::function<Result<api::TlsSecret>()>;

// Of a server that refuses whoever shows no certificate of its authorities. A server can be started with them only
// while the source has an answer. They live as long as the server does.
std::shared_ptr<grpc::ServerCredentials> serving_credentials(TlsSource source);

// Some clients' names and verdicts add up; more bytes than this in one message are not a decision, and end the call.
inline constexpr int kLongestMessage = 1024 * 1024;

// A channel of its own to penstock-scaler at host:port; never blocks.
std::shared_ptr<grpc::Channel> dial(const std::string& address, const api::TlsSecret& identity);

}  // namespace penstock::rpc
