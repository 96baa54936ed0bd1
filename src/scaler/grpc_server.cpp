#include <penstock/scaler/services.hpp>

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

namespace penstock::scaler {
namespace {

// A ScaledObjectRef is a few hundred bytes; everything beyond these is a mistake or an attack.
constexpr int kMaxRequestBytes = 64 * 1024;
constexpr int kMaxMetadataBytes = 8 * 1024;
// KEDA holds one StreamIsActive for each ScaledObject on one connection.
constexpr int kMaxStreamsPerConnection = 20'000;
constexpr std::size_t kMaxBufferBytes = std::size_t{64} * 1024 * 1024;
// A peer that is gone without a word is noticed after these.
constexpr int kKeepaliveMs = 30'000, kKeepaliveTimeoutMs = 10'000;
constexpr int kMinPingMs = 5'000;
constexpr Duration kShutdownGrace = 500ms;

}  // namespace

Result<std::unique_ptr<GrpcServer>> GrpcServer::start(const std::string& address, rpc::TlsSource tls,
                                                      std::vector<std::unique_ptr<grpc::Service>> services) {
  grpc::EnableDefaultHealthCheckService(true);
  std::unique_ptr<GrpcServer> result(new GrpcServer);
  result->services_ = std::move(services);
  result->credentials_ = rpc::serving_credentials(std::move(tls));
  grpc::ServerBuilder builder;
  grpc::ResourceQuota quota("penstock-scaler");
  quota.Resize(kMaxBufferBytes);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPingMs);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(address, result->credentials_, &result->port_);
  for (const auto& service : result->services_) builder.RegisterService(service.get());
  result->server_ = builder.BuildAndStart();
  if (!result->server_ || result->port_ == 0) return fail(Code::kUnavailable, "gRPC can't listen on " + address);
  return result;
}

GrpcServer::~GrpcServer() {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
  server_->Wait();
}

std::shared_ptr<grpc::Channel> GrpcServer::channel() {
  return server_->InProcessChannel({});
}

}  // namespace penstock::scaler
