// One connection of the server: reads a request, asks the handler, writes the answer, again and again. Every wait has a
// limit, and every limit ends the connection.
#pragma once
#include "line.hpp"

#include <atomic>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace penstock::http {

// What all sessions of a server share; it outlives their work.
struct SessionContext {
  const ServerOptions options;
  const Handler handler;
  std::atomic<bool> finishing = false;  // no further request on any connection; wake() tells the idle ones
};

class RequestReader;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Line> line, const SessionContext& shared);

  // Until the connection has ended; on the strand of the line.
  boost::asio::awaitable<void> run();
  // Ends the connection if it is idle. Any thread.
  void wake();

 private:
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> read(RequestReader& request);
  boost::asio::awaitable<bool> write(const ServerResponse& response, bool head, bool keep);

  const std::shared_ptr<Line> line_;
  const SessionContext& shared_;
  boost::beast::flat_buffer held_;  // what the client has sent ahead
  Peer peer_;
  bool idle_ = true;
};

}  // namespace penstock::http
