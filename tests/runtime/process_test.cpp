#include <penstock/runtime/process.hpp>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <stdexcept>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace penstock;
using namespace penstock::runtime;

namespace {

bool stops(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, token, std::chrono::seconds(20), [] { return false; });
  return token.stop_requested();
}

http::ServerResponse get(const http::Handler& handler, const std::string& target) {
  http::ServerRequest request;
  request.method = "GET";
  request.target = target;
  return handler(request);
}

}  // namespace

TEST_CASE("SIGTERM and SIGINT become a stop") {
  for (const int signal : {SIGTERM, SIGINT}) {
    const StopSignals signals;
    CHECK(!signals.token().stop_requested());
    REQUIRE(::kill(::getpid(), signal) == 0);
    CHECK(stops(signals.token()));
  }
}

TEST_CASE("a stop can be asked for without a signal, and nobody need ask") {
  StopSignals signals;
  signals.request_stop();
  CHECK(signals.token().stop_requested());
  const StopSignals unused;
}

TEST_CASE("a process is healthy as soon as it answers, and ready when every check is well") {
  std::string problem = "not synced";
  const auto handler = health_handler({{"cache", [&] { return problem; }},
                                       {"fine", [] { return std::string{}; }},
                                       {"throws", [&]() -> std::string {
                                          if (!problem.empty()) throw std::runtime_error("broken");
                                          return {};
                                        }}});
  CHECK(get(handler, "/healthz").status == 200);
  const auto unready = get(handler, "/readyz?verbose");
  CHECK(unready.status == 503);
  CHECK(unready.body == "cache: not synced\nthrows: broken\n");
  problem.clear();
  CHECK(get(handler, "/readyz").status == 200);
}

TEST_CASE("metrics are in the exposition format; anything else is refused") {
  const auto handler = health_handler({});
  const auto metrics = get(handler, "/metrics");
  CHECK(metrics.status == 200);
  CHECK(metrics.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(get(handler, "/").status == 404);
  http::ServerRequest post;
  post.method = "POST";
  post.target = "/healthz";
  CHECK(handler(post).status == 405);
}

TEST_CASE("the health server answers on a port of its own") {
  const auto server = serve_health({"127.0.0.1", 0}, {});
  REQUIRE_MESSAGE(server, server.error().what);
  CHECK((*server)->port() != 0);
  const auto taken = serve_health({"127.0.0.1", (*server)->port()}, {});
  REQUIRE(!taken);
  CHECK(taken.error().code == Code::kUnavailable);
}
