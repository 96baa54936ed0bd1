#include "identities.hpp"

#include <penstock/rpc/tls.hpp>
#include <penstock/v1/decision_feed.grpc.pb.h>

#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>

using namespace penstock;
using namespace penstock::rpc;
using rpc::testing::Identities;
using rpc::testing::new_identities;

namespace {

// Answers everybody who gets through; what it shows can be exchanged.
class Server final : v1::DecisionFeed::Service {
 public:
  explicit Server(api::TlsSecret shown) : shown_(std::move(shown)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials_, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    REQUIRE(server_);
  }
  ~Server() override { server_->Shutdown(std::chrono::system_clock::now()); }

  void show(Result<api::TlsSecret> next) {
    const std::lock_guard lock(mutex_);
    shown_ = std::move(next);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  grpc::Status Compare(grpc::ServerContext*, const v1::CompareRequest*, v1::Comparison*) override {
    return grpc::Status::OK;
  }
  Result<api::TlsSecret> shown() {
    const std::lock_guard lock(mutex_);
    return shown_;
  }

  std::mutex mutex_;
  Result<api::TlsSecret> shown_;
  const std::shared_ptr<grpc::ServerCredentials> credentials_ = serving_credentials([this] { return shown(); });
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

grpc::Status call(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::Comparison answer;
  return v1::DecisionFeed::NewStub(channel)->Compare(&context, {}, &answer);
}

grpc::StatusCode asked(const Server& server, const api::TlsSecret& identity) {
  return call(dial(server.address(), identity)).error_code();
}

}  // namespace

TEST_CASE("a caller with a certificate of the server's authority is answered, at whatever address it calls") {
  const Identities own = new_identities();
  const Server server(own.scaler);
  CHECK(asked(server, own.caller) == grpc::OK);
}

TEST_CASE("whoever shows no certificate, or another authority's, is refused; so is a server that is not the scaler") {
  const Identities own = new_identities(), others = new_identities();
  const Server server(own.scaler);
  CHECK(call(grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials())).error_code() ==
        grpc::UNAVAILABLE);
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(std::string(api::kScalerTlsName));
  const auto anonymous =
      grpc::CreateCustomChannel(server.address(), grpc::SslCredentials({own.scaler.authorities, "", ""}), arguments);
  CHECK(call(anonymous).error_code() == grpc::UNAVAILABLE);
  api::TlsSecret stranger = others.caller;
  stranger.authorities = own.caller.authorities;
  CHECK(asked(server, stranger) == grpc::UNAVAILABLE);
  api::TlsSecret suspicious = own.caller;
  suspicious.authorities = others.caller.authorities;
  CHECK(asked(server, suspicious) == grpc::UNAVAILABLE);
  const Server impostor({own.caller.certificate, own.caller.key, own.caller.authorities});
  CHECK(asked(impostor, own.caller) == grpc::UNAVAILABLE);
}

TEST_CASE("a new certificate is shown at the next handshake, and who is connected stays so") {
  const Identities before = new_identities(), after = new_identities();
  Server server(before.scaler);
  const auto connected = dial(server.address(), before.caller);
  REQUIRE(call(connected).ok());
  server.show(after.scaler);
  CHECK(asked(server, after.caller) == grpc::OK);
  CHECK(asked(server, before.caller) == grpc::UNAVAILABLE);
  CHECK(call(connected).ok());

  server.show(fail(Code::kUnavailable, "the Secret is gone"));
  CHECK(asked(server, after.caller) == grpc::OK);
  server.show(api::TlsSecret{"no certificate", "no key", "no authority"});
  CHECK(asked(server, after.caller) == grpc::OK);
  server.show(before.scaler);
  CHECK(asked(server, before.caller) == grpc::OK);
}
