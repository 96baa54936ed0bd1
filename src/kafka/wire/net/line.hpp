// Bytes to and from one broker, with or without TLS. Belongs to its io_context's thread; whoever awaits one of its
// coroutines keeps it alive.
#pragma once
#include "address.hpp"

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

namespace penstock::kafka::wire {

namespace asio = boost::asio;
using boost::system::error_code;

class Line {
 public:
  static constexpr Duration kAddressLimit{3000};  // then the name's next address is tried

  Line(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls);

  // Resolves the name, tries its addresses in turn, and shakes hands where TLS is wanted.
  asio::awaitable<Result<void>> open(Address address);
  asio::awaitable<error_code> read(asio::mutable_buffer all);
  asio::awaitable<error_code> write(asio::const_buffer all);
  // Whatever is under way ends with an error. May be called at any time.
  void close();

 private:
  using Socket = asio::ip::tcp::socket;

  std::shared_ptr<asio::ssl::context> tls_;
  asio::ip::tcp::resolver resolver_;
  Socket socket_;
  asio::steady_timer limit_;
  std::optional<asio::ssl::stream<Socket&>> stream_;
  bool closed_ = false;
};

}  // namespace penstock::kafka::wire
