// The bytes of one connection, plain or TLS, with a limit on how long everything takes. Its functions run on the strand
// of the socket that it was made from.
#pragma once
#include <penstock/http/server.hpp>

#include <memory>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

namespace penstock::http {

class Line {
 public:
  virtual ~Line() = default;

  // The TLS handshake, when there is one; false when it failed.
  virtual boost::asio::awaitable<bool> open() = 0;
  // 0 at the end of the connection, whatever ended it.
  virtual boost::asio::awaitable<std::size_t> read(boost::asio::mutable_buffer into) = 0;
  virtual boost::asio::awaitable<bool> write(std::string_view bytes) = 0;
  virtual boost::asio::awaitable<void> close() = 0;
  // After a refusal: listens a little longer without heeding, so that the client reads it before the reset.
  virtual boost::asio::awaitable<void> linger() = 0;

  // From now on until the next call, everything together may take this long; then the connection is closed.
  virtual void limit(Duration time) = 0;
  // What is being waited for fails.
  virtual void cancel() = 0;
  virtual Peer peer() = 0;
  virtual boost::asio::any_io_executor executor() = 0;
};

// Without a TLS context the line is plain.
std::shared_ptr<Line> make_line(boost::asio::ip::tcp::socket socket, std::shared_ptr<boost::asio::ssl::context> tls);

}  // namespace penstock::http
