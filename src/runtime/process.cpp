#include <penstock/base/log.hpp>
#include <penstock/base/metrics.hpp>
#include <penstock/runtime/process.hpp>

#include <array>
#include <csignal>
#include <cstdint>
#include <exception>
#include <string_view>
#include <thread>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace penstock::runtime {

struct StopSignals::State {
  State() {
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    end_fd = eventfd(0, EFD_CLOEXEC);
    if (signal_fd < 0 || end_fd < 0) log::error("signals cannot be waited for: SIGTERM will not end this process");
    thread = std::jthread([this] { wait(); });
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    const std::uint64_t one = 1;
    if (::write(end_fd, &one, sizeof one) != sizeof one) log::error("the signal thread cannot be woken");
    thread.join();
    ::close(signal_fd);
    ::close(end_fd);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void wait() {
    std::array<pollfd, 2> ready{{{signal_fd, POLLIN, 0}, {end_fd, POLLIN, 0}}};
    while (::poll(ready.data(), ready.size(), -1) < 0 && errno == EINTR) {
    }
    if ((ready[0].revents & POLLIN) == 0) return;
    signalfd_siginfo info{};
    if (::read(signal_fd, &info, sizeof info) != sizeof info) return;
    log::info("stopping", {{"signal", info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT"}});
    source.request_stop();
  }

  sigset_t signals{}, before{};
  int signal_fd = -1, end_fd = -1;
  std::stop_source source;
  std::jthread thread;
};

StopSignals::StopSignals() : state_(std::make_unique<State>()) {}
StopSignals::~StopSignals() = default;

std::stop_token StopSignals::token() const {
  return state_->source.get_token();
}

void StopSignals::request_stop() {
  state_->source.request_stop();
}

namespace {

http::ServerResponse text(int status, std::string body) {
  http::ServerResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

http::ServerResponse readiness(const Checks& checks) {
  std::string problems;
  for (const auto& [name, check] : checks) {
    std::string problem;
    try {
      problem = check();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    if (!problem.empty()) problems.append(name).append(": ").append(problem).append("\n");
  }
  return problems.empty() ? text(200, "ok\n") : text(503, std::move(problems));
}

}  // namespace

http::Handler health_handler(Checks ready) {
  return [ready = std::move(ready)](const http::ServerRequest& request) {
    if (request.method != "GET" && request.method != "HEAD") return text(405, "only GET is answered here\n");
    const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
    if (path == "/healthz") return text(200, "ok\n");
    if (path == "/readyz") return readiness(ready);
    if (path == "/metrics") {
      auto response = text(200, metrics::expose());
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      return response;
    }
    return text(404, "there is /healthz, /readyz and /metrics\n");
  };
}

Result<std::unique_ptr<http::Server>> serve_health(const Address& address, Checks ready) {
  http::ServerOptions options;
  options.address = address.host;
  options.port = address.port;
  return http::serve(options, health_handler(std::move(ready)));
}

}  // namespace penstock::runtime
