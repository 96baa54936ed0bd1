#include <penstock/base/log.hpp>
#include <penstock/rpc/tls.hpp>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

namespace penstock::rpc {
namespace {

// gRPC's C++ credentials know certificates that never change, or files; its core asks a function.
class ReloadedCredentials final : public grpc::ServerCredentials {
 public:
  explicit ReloadedCredentials(TlsSource source)
      : source_(std::move(source)),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, &ReloadedCredentials::fetch, this))) {}
  ~ReloadedCredentials() override { grpc_server_credentials_release(credentials_); }
  ReloadedCredentials(const ReloadedCredentials&) = delete;
  ReloadedCredentials& operator=(const ReloadedCredentials&) = delete;

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status fetch(void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<ReloadedCredentials*>(self)->fetch(config);
  }
  grpc_ssl_certificate_config_reload_status fetch(grpc_ssl_server_certificate_config** config) {
    const auto tls = source_();
    const std::lock_guard lock(mutex_);
    if (!tls) {
      if (tls.error().what != problem_)
        log::warn("the gRPC server keeps the certificate it has", {{"error", tls.error().to_string()}});
      problem_ = tls.error().what;
      return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
    }
    problem_.clear();
    if (*tls == shown_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair{tls->key.c_str(), tls->certificate.c_str()};
    *config = grpc_ssl_server_certificate_config_create(tls->authorities.c_str(), &pair, 1);
    shown_ = *tls;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const TlsSource source_;
  std::mutex mutex_;
  api::TlsSecret shown_;
  std::string problem_;  // the last one logged
  grpc_server_credentials* const credentials_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> serving_credentials(TlsSource source) {
  return std::make_shared<ReloadedCredentials>(std::move(source));
}

std::shared_ptr<grpc::Channel> dial(const std::string& address, const api::TlsSecret& identity) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLongestMessage);
  arguments.SetSslTargetNameOverride(std::string(api::kScalerTlsName));
  // No back-off that goes on from an older channel's, no connection made with an older certificate.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(
      address, grpc::SslCredentials({identity.authorities, identity.key, identity.certificate}), arguments);
}

}  // namespace penstock::rpc
