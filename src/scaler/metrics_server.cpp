#include "metrics_server.hpp"

#include <penstock/base/log.hpp>
#include <penstock/base/stop.hpp>

#include <optional>

namespace penstock::scaler {
namespace {

constexpr Duration kReadAgain = 1min;
constexpr Duration kLookAgain = 100ms;  // while something to start with is missing
constexpr Duration kAskAgain = 1s;      // the API server about its front proxy, while that is not known
// An authorization waits for the API server; others go on meanwhile.
constexpr int kThreads = 4;

}  // namespace

MetricsServer::MetricsServer(const World& world, const Answers& answers, const k8s::Client& client,
                             const std::string& ns, const Clock& clock)
    : world_(world),
      client_(client),
      ns_(ns),
      clock_(clock),
      authorizer_(client, clock),
      api_(
          answers, [this] { return front_proxy(); }, [this](const Access& access) { return authorizer_(access); },
          clock) {}

std::shared_ptr<const FrontProxy> MetricsServer::front_proxy() const {
  const std::lock_guard lock(mutex_);
  return front_proxy_;
}

void MetricsServer::read_front_proxy(const std::stop_token& stop) {
  const auto object =
      client_.call(k8s::get(k8s::kinds::kConfigMap, {"kube-system", "extension-apiserver-authentication"}), stop);
  const auto proxy = object ? parse_front_proxy(*object) : Result<FrontProxy>(std::unexpected(object.error()));
  if (!proxy) {
    if (!stop.stop_requested() && problem_ != proxy.error().what)
      log::warn("the front proxy's configuration can't be read", {{"error", proxy.error().to_string()}});
    problem_ = proxy.error().what;
    const Code code = proxy.error().code;
    const bool for_good = code == Code::kForbidden || code == Code::kNotFound || code == Code::kInvalid;
    if (!server_) wait_for_it(for_good ? "" : problem_);
    return;
  }
  problem_.clear();
  const std::lock_guard lock(mutex_);
  if (!front_proxy_ || *front_proxy_ != *proxy) front_proxy_ = std::make_shared<const FrontProxy>(*proxy);
}

std::string MetricsServer::awaited() const {
  const std::lock_guard lock(mutex_);
  return awaited_;
}

void MetricsServer::wait_for_it(const std::string& what) {
  const std::lock_guard lock(mutex_);
  awaited_ = what;
}

Result<http::ServerTls> MetricsServer::tls() const {
  const auto own = world_.tls(ns_);
  if (!own) return std::unexpected(own.error());
  const auto proxy = front_proxy();
  if (!proxy) return fail(Code::kUnavailable, "the front proxy is not known");
  return http::ServerTls{own->certificate, own->key, proxy->client_authorities};
}

void MetricsServer::run(const Address& address, const std::stop_token& stop) {
  std::string problem;
  std::optional<SteadyTime> read_at;
  do {
    if (!read_at || clock_.now() - *read_at >= (front_proxy() ? kReadAgain : kAskAgain)) {
      read_front_proxy(stop);
      read_at = clock_.now();
    }
    if (server_ || !front_proxy()) continue;
    if (const auto ready = tls(); !ready) {
      if (problem != ready.error().what) log::info("the metrics API waits", {{"for", ready.error().what}});
      problem = ready.error().what;
      wait_for_it(problem);
      continue;
    }
    http::ServerOptions options;
    options.address = address.host;
    options.port = address.port;
    options.tls = [this] { return tls(); };
    options.threads = kThreads;
    auto started = http::serve(options, [this](const http::ServerRequest& request) { return api_.handle(request); });
    if (started) {
      server_ = std::move(*started);
      log::info("the metrics API listens", {{"port", server_->port()}});
      wait_for_it({});
    } else {
      if (problem != started.error().what)
        log::error("the metrics API can't listen", {{"error", started.error().what}});
      problem = started.error().what;
      wait_for_it(problem);
    }
  } while (wait_for(stop, server_ ? kReadAgain : kLookAgain));
  server_.reset();
}

}  // namespace penstock::scaler
