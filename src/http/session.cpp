#include "session.hpp"

#include "server_tls.hpp"

#include <penstock/base/log.hpp>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

namespace penstock::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = boost::beast::http;
using beast::error_code;

constexpr Duration kHandshakeLimit = 10s;
// How long, and for how much, a client that we refuse is listened to, so that it reads the refusal before the reset.
constexpr Duration kLingerLimit = 1s;
// What a TLS client gets to say goodbye; few do.
constexpr Duration kGoodbyeLimit = 100ms;
constexpr std::size_t kLingerBytes = 4 * 1024 * 1024;

using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = beast_http::request_parser<beast_http::string_body>;
using Message = beast_http::response<beast_http::string_body>;

auto into(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

ServerRequest request_of(Parser& parser, const Peer& peer) {
  auto& message = parser.get();
  ServerRequest request{.method = std::string(message.method_string()),
                        .target = std::string(message.target()),
                        .headers = {},
                        .body = std::move(message.body()),
                        .peer = peer};
  for (const auto& field : message) {
    std::string name(field.name_string());
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  return request;
}

ServerResponse answer(const Handler& handler, const ServerRequest& request) {
  try {
    return handler(request);
  } catch (const std::exception& e) {
    log::error("a request's handler failed", {{"target", request.target}, {"error", e.what()}});
    return {.status = 500, .body = "internal error\n"};
  }
}

// Nothing when the connection just ended or was silent.
std::optional<ServerResponse> refusal(const error_code& error) {
  if (error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow)
    return ServerResponse{.status = 431, .body = "the request's header is too large\n"};
  if (error == beast_http::error::body_limit)
    return ServerResponse{.status = 413, .body = "the request's body is too large\n"};
  if (error == beast_http::error::end_of_stream || error == beast_http::error::partial_message) return {};
  if (error.category() == beast_http::make_error_code(beast_http::error::bad_method).category())
    return ServerResponse{.status = 400, .body = "this is no HTTP request: " + error.message() + "\n"};
  return {};
}

template <class Stream>
class SessionOn final : public Session, public std::enable_shared_from_this<SessionOn<Stream>> {
 public:
  template <class... Arguments>
  SessionOn(const SessionContext& shared, std::shared_ptr<asio::ssl::context> tls, Arguments&&... arguments)
      : shared_(shared),
        options_(shared.options),
        tls_(std::move(tls)),
        stream_(std::forward<Arguments>(arguments)...),
        // Room for what comes in the same read as the end of the header.
        buffer_(options_.max_header_bytes + 64 * 1024) {}

  asio::awaitable<void> run() override {
    error_code error;
    socket().set_option(asio::ip::tcp::no_delay(true), error);
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(std::min(options_.idle_limit, kHandshakeLimit));
      co_await stream_.async_handshake(asio::ssl::stream_base::server, into(error));
      if (error) co_return;
      peer_ = peer_of(stream_.native_handle());
    }
    while (co_await serve_one()) {
    }
  }

  void wake() override {
    asio::post(lowest().get_executor(), [self = this->shared_from_this()] {
      if (self->idle_) self->lowest().cancel();
    });
  }

 private:
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }
  asio::ip::tcp::socket& socket() { return lowest().socket(); }

  // False when the connection is at its end.
  asio::awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    parser.body_limit(options_.max_body_bytes);
    error_code error;
    idle_ = true;
    if (shared_.finishing) error = asio::error::operation_aborted;
    // One limit for the pause and the whole header: a client can't stretch it by sending a byte now and then.
    lowest().expires_after(options_.idle_limit);
    if (!error) co_await beast_http::async_read_header(stream_, buffer_, parser, into(error));
    idle_ = false;
    if (!error && !parser.is_done()) {
      lowest().expires_after(options_.idle_limit);
      if (beast::iequals(parser.get()[beast_http::field::expect], "100-continue")) co_await say_continue(error);
      if (!error) co_await beast_http::async_read(stream_, buffer_, parser, into(error));
    }
    if (error) {
      if (const auto refused = refusal(error)) {
        co_await write(*refused, 11, false, false);
        co_await linger();
      } else {
        co_await close();
      }
      co_return false;
    }
    const bool head = parser.get().method() == beast_http::verb::head;
    const bool keep = parser.get().keep_alive();
    const unsigned version = parser.get().version();
    const ServerRequest request = request_of(parser, peer_);
    ServerResponse answered = answer(shared_.handler, request);
    const bool go_on = keep && !shared_.finishing;
    const bool written = co_await write(std::move(answered), version, head, go_on);
    if (written && !go_on) co_await close();
    co_return written&& go_on;
  }

  asio::awaitable<void> say_continue(error_code& error) {
    beast_http::response<beast_http::empty_body> message(beast_http::status::continue_, 11);
    co_await beast_http::async_write(stream_, message, into(error));
  }

  asio::awaitable<bool> write(ServerResponse response, unsigned version, bool head, bool keep) {
    Message message;
    message.version(version);
    message.result(static_cast<unsigned>(response.status));
    message.set(beast_http::field::content_type, response.content_type);
    message.content_length(response.body.size());
    message.keep_alive(keep);
    if (!head) message.body() = std::move(response.body);
    error_code error;
    lowest().expires_after(options_.idle_limit);
    co_await beast_http::async_write(stream_, message, into(error));
    co_return !error;
  }

  asio::awaitable<void> close() {
    error_code error;
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(kGoodbyeLimit);
      co_await stream_.async_shutdown(into(error));
    }
    socket().shutdown(asio::ip::tcp::socket::shutdown_both, error);
    co_return;
  }

  asio::awaitable<void> linger() {
    error_code error;
    socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    lowest().expires_after(kLingerLimit);
    std::string unwanted(64 * 1024, '\0');
    for (std::size_t total = 0; !error && total < kLingerBytes;)
      total += co_await lowest().async_read_some(asio::buffer(unwanted), into(error));
  }

  const SessionContext& shared_;
  const ServerOptions& options_;
  const std::shared_ptr<asio::ssl::context> tls_;  // outlives the stream
  Stream stream_;
  beast::flat_buffer buffer_;
  Peer peer_;
  bool idle_ = true;  // on the strand
};

}  // namespace

std::shared_ptr<Session> make_session(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> tls,
                                      const SessionContext& shared) {
  if (!tls) return std::make_shared<SessionOn<beast::tcp_stream>>(shared, nullptr, std::move(socket));
  asio::ssl::context& used = *tls;
  return std::make_shared<SessionOn<TlsStream>>(shared, std::move(tls), std::move(socket), used);
}

}  // namespace penstock::http
