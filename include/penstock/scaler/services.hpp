// The two gRPC services and their server. Both answer from the snapshot and the store, on gRPC's own threads; a stream
// takes no thread.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/rpc/tls.hpp>
#include <penstock/scaler/answers.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>

namespace penstock::scaler {

// externalscaler.ExternalScaler for KEDA. Before the board's first publish; the board outlives the service's server.
std::unique_ptr<grpc::Service> make_external_scaler_service(const Answers& answers, Board& board);

struct FeedOptions {
  // Each decision is sent again after this long at most, so that silence means a broken feed.
  Duration repeat = 8s;
  // Empty when every object has its first decision; else what is awaited, and Watch is refused with it.
  std::function<std::string()> starting = [] { return std::string{}; };
};
// penstock.v1.DecisionFeed.
std::unique_ptr<grpc::Service> make_decision_feed_service(Board& board, FeedOptions options);

class GrpcServer {
 public:
  // Callers show a certificate. kUnavailable when the address can't be bound, or `tls` has no answer yet.
  static Result<std::unique_ptr<GrpcServer>> start(const std::string& address, rpc::TlsSource tls,
                                                   std::vector<std::unique_ptr<grpc::Service>> services);
  // Ends streams and calls, the last after a short grace.
  ~GrpcServer();
  int port() const { return port_; }
  // In the same process, for tests.
  std::shared_ptr<grpc::Channel> channel();

 private:
  GrpcServer() = default;

  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace penstock::scaler
