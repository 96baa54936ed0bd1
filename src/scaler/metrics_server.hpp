// The metrics API on the network: its certificate comes from a watched Secret, what the front proxy is from a ConfigMap
// that is read anew every minute. Until both are there it does not listen.
#pragma once
#include <penstock/scaler/app.hpp>
#include <penstock/scaler/metrics_api.hpp>
#include <penstock/scaler/world.hpp>

#include <memory>
#include <mutex>
#include <stop_token>

namespace penstock::scaler {

class MetricsServer {
 public:
  MetricsServer(const World& world, const Answers& answers, const k8s::Client& client, const std::string& ns,
                const Clock& clock);
  // Returns at the stop.
  void run(const Address& address, const std::stop_token& stop);
  // What it waits for before it listens; empty when it does, and when it won't soon: where the front proxy can't be
  // read nobody asks for metrics, and KEDA and the operator are to be answered all the same. Any thread.
  std::string awaited() const;

 private:
  void read_front_proxy(const std::stop_token& stop);
  void wait_for_it(const std::string& what);
  std::shared_ptr<const FrontProxy> front_proxy() const;
  Result<http::ServerTls> tls() const;

  const World& world_;
  const k8s::Client client_;
  const std::string ns_;
  const Clock& clock_;
  ReviewingAuthorizer authorizer_;
  MetricsApi api_;
  mutable std::mutex mutex_;
  std::shared_ptr<const FrontProxy> front_proxy_;
  std::string awaited_ = "the API server's front proxy is not known yet";
  // Of the thread that runs it.
  std::unique_ptr<http::Server> server_;
  std::string problem_;  // the last one logged
};

}  // namespace penstock::scaler
