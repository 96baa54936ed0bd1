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

// Its functions run on the strand of the socket that it was made from.
class Session {
 public:
  virtual ~Session() = default;
  virtual boost::asio::awaitable<void> run() = 0;  // until the connection has ended; doesn't throw
  virtual void finish() = 0;                       // ends an idle connection now, a busy one after its answer
};

// The options and the handler must outlive the session's work; without a context the session is plain HTTP.
std::shared_ptr<Session> make_session(boost::asio::ip::tcp::socket socket,
                                      std::shared_ptr<boost::asio::ssl::context> context, const ServerOptions& options,
                                      const Handler& handler);

}  // namespace penstock::http
