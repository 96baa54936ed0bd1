#include "line.hpp"

#include "server_tls.hpp"

#include <array>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace penstock::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

// How long, and for how much, a client that was refused is listened to.
constexpr Duration kLingerLimit = 1s;
constexpr std::size_t kLingerBytes = 4 * 1024 * 1024;
// What a TLS client gets to say goodbye; few do.
constexpr Duration kGoodbyeLimit = 100ms;

using TlsStream = asio::ssl::stream<tcp::socket>;

auto into(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

template <class Stream>
class LineOn final : public Line, public std::enable_shared_from_this<LineOn<Stream>> {
 public:
  template <class... Arguments>
  explicit LineOn(std::shared_ptr<asio::ssl::context> tls, Arguments&&... arguments)
      : tls_(std::move(tls)), stream_(std::forward<Arguments>(arguments)...), timer_(stream_.get_executor()) {}

  awaitable<bool> open() override {
    error_code error;
    socket().set_option(tcp::no_delay(true), error);
    if constexpr (kTls) co_await stream_.async_handshake(asio::ssl::stream_base::server, into(error));
    co_return !error;
  }

  awaitable<std::size_t> read(asio::mutable_buffer bytes) override {
    error_code error;
    const std::size_t size = co_await stream_.async_read_some(bytes, into(error));
    co_return error ? 0 : size;
  }

  awaitable<bool> write(std::string_view bytes) override {
    error_code error;
    co_await asio::async_write(stream_, asio::buffer(bytes), into(error));
    co_return !error;
  }

  awaitable<void> close() override {
    error_code error;
    if constexpr (kTls) {
      limit(kGoodbyeLimit);
      co_await stream_.async_shutdown(into(error));
    }
    shut();
    co_return;
  }

  awaitable<void> linger() override {
    error_code error;
    socket().shutdown(tcp::socket::shutdown_send, error);
    limit(kLingerLimit);
    std::array<char, 8 * 1024> unheeded{};
    for (std::size_t total = 0; !error && total < kLingerBytes;)
      total += co_await socket().async_read_some(asio::buffer(unheeded), into(error));
    shut();
  }

  void limit(Duration time) override {
    timer_.expires_after(time);
    timer_.async_wait([weak = this->weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      // A wait that was over when the limit was moved is told so too late to be cancelled.
      if (!error && self && self->timer_.expiry() <= asio::steady_timer::clock_type::now()) self->shut();
    });
  }

  void cancel() override {
    error_code ignored;
    socket().cancel(ignored);
  }

  Peer peer() override {
    if constexpr (kTls) return peer_of(stream_.native_handle());
    return {};
  }

  asio::any_io_executor executor() override { return stream_.get_executor(); }

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  tcp::socket& socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  void shut() {
    error_code ignored;
    timer_.cancel(ignored);
    socket().shutdown(tcp::socket::shutdown_both, ignored);
    socket().close(ignored);
  }

  const std::shared_ptr<asio::ssl::context> tls_;  // outlives the stream
  Stream stream_;
  asio::steady_timer timer_;
};

}  // namespace

std::shared_ptr<Line> make_line(tcp::socket socket, std::shared_ptr<asio::ssl::context> tls) {
  if (!tls) return std::make_shared<LineOn<tcp::socket>>(nullptr, std::move(socket));
  asio::ssl::context& used = *tls;
  return std::make_shared<LineOn<TlsStream>>(std::move(tls), std::move(socket), used);
}

}  // namespace penstock::http
