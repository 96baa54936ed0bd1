// From bytes to one request, without I/O, within the bounds of the server's options.
#pragma once
#include <penstock/http/server.hpp>

#include <optional>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace penstock::http {

class RequestReader {
 public:
  explicit RequestReader(const ServerOptions& options);

  enum class State { kHeader, kBody, kDone, kRefused };
  // Takes what it can use from the bytes; stops once at the end of the header.
  State take(boost::beast::flat_buffer& bytes);

  // Once there is a body: the client waits for leave to send it.
  bool expects_continue() const;
  // Once refused: what to tell the client.
  const ServerResponse& refusal() const { return refusal_; }
  // Once done.
  bool is_head() const;
  bool keeps_alive() const;
  ServerRequest request(const Peer& peer);

 private:
  State refuse(const boost::system::error_code& error);

  boost::beast::http::request_parser<boost::beast::http::string_body> parser_;
  const std::size_t max_held_;
  ServerResponse refusal_;
};

}  // namespace penstock::http
