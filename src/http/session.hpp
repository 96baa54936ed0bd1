// One connection of the server: reads a request, asks the handler, writes the answer, again and again. Every wait has a
// limit, and every limit ends the connection.
#pragma once
#include <penstock/http/server.hpp>

#include <atomic>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

namespace penstock::http {

class Session {
 public:
  virtual ~Session() = default;
  // Until the connection has ended; on the strand of the socket that it was made from.
  virtual boost::asio::awaitable<void> run() = 0;
  // Ends the connection if it is idle. Any thread.
  virtual void wake() = 0;
};

// What all sessions of a server share; it outlives their work.
struct SessionContext {
  const ServerOptions options;
  const Handler handler;
  std::atomic<bool> finishing = false;  // no further request on any connection; wake() tells the idle ones
};

// Without a TLS context the session is plain HTTP.
std::shared_ptr<Session> make_session(boost::asio::ip::tcp::socket socket,
                                      std::shared_ptr<boost::asio::ssl::context> tls, const SessionContext& shared);

}  // namespace penstock::http
