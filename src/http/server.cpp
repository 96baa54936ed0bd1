#include "server_tls.hpp"
#include "session.hpp"

#include <penstock/base/log.hpp>
#include <penstock/http/server.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace penstock::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// What a busy connection gets to finish its answer when the server ends.
constexpr Duration kFinishLimit = 1s;
// After an accept that failed for want of file descriptors or memory.
constexpr Duration kAcceptPause = 100ms;

class BeastServer final : public Server {
 public:
  BeastServer(ServerOptions options, Handler handler)
      : shared_{.options = std::move(options), .handler = std::move(handler)},
        contexts_(shared_.options.tls),
        accept_strand_(asio::make_strand(io_)),
        acceptor_(accept_strand_) {}

  ~BeastServer() override {
    asio::post(accept_strand_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
    {
      std::unique_lock lock(mutex_);
      shared_.finishing = true;
      for (const auto& session : sessions_) session->wake();
      all_gone_.wait_for(lock, kFinishLimit, [this] { return sessions_.empty() && !accepting_; });
    }
    io_.stop();
    threads_.clear();
    sessions_.clear();
  }

  unsigned short port() const override { return port_; }

  Result<void> start() {
    const ServerOptions& options = shared_.options;
    if (options.tls) {
      if (auto context = contexts_.current(); !context) return std::unexpected(context.error());
    }
    error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    const tcp::endpoint endpoint(address, options.port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error) {
      return fail(Code::kUnavailable,
                  "listening on " + options.address + ":" + std::to_string(options.port) + ": " + error.message());
    }
    port_ = acceptor_.local_endpoint().port();
    accepting_ = true;
    asio::co_spawn(accept_strand_, accept(), [this](const std::exception_ptr&) {
      const std::lock_guard lock(mutex_);
      accepting_ = false;
      all_gone_.notify_all();
    });
    for (int i = 0; i < std::max(options.threads, 1); ++i) threads_.emplace_back([this] { io_.run(); });
    return {};
  }

 private:
  using Strand = asio::strand<asio::io_context::executor_type>;

  asio::awaitable<void> accept() {
    while (acceptor_.is_open()) {
      const Strand strand = asio::make_strand(io_);
      tcp::socket socket(strand);
      error_code error;
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (!acceptor_.is_open()) co_return;
      if (error == asio::error::no_descriptors || error == asio::error::no_memory ||
          error == asio::error::no_buffer_space) {
        log::warn("no connection can be accepted now", {{"error", error.message()}});
        asio::steady_timer pause(accept_strand_, kAcceptPause);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      if (!error) begin(std::move(socket), strand);
    }
  }

  void begin(tcp::socket socket, const Strand& strand) {
    std::shared_ptr<asio::ssl::context> context;
    if (shared_.options.tls) {
      auto current = contexts_.current();
      if (!current) return;
      context = std::move(*current);
    }
    std::shared_ptr<Session> session;
    {
      const std::lock_guard lock(mutex_);
      if (shared_.finishing || sessions_.size() >= shared_.options.max_connections) return;  // closes the socket
      session = std::make_shared<Session>(make_line(std::move(socket), std::move(context)), shared_);
      sessions_.insert(session);
    }
    asio::co_spawn(strand, session->run(), [this, session](const std::exception_ptr&) {
      const std::lock_guard lock(mutex_);
      sessions_.erase(session);
      if (sessions_.empty()) all_gone_.notify_all();
    });
  }

  SessionContext shared_;
  ServerContexts contexts_;
  unsigned short port_ = 0;
  asio::io_context io_;  // before all that works on it
  Strand accept_strand_;
  tcp::acceptor acceptor_;
  std::mutex mutex_;
  std::condition_variable all_gone_;
  std::set<std::shared_ptr<Session>> sessions_;
  bool accepting_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace

Result<std::unique_ptr<Server>> serve(const ServerOptions& options, Handler handler) {
  auto server = std::make_unique<BeastServer>(options, std::move(handler));
  if (auto started = server->start(); !started) return std::unexpected(started.error());
  return server;
}

}  // namespace penstock::http
