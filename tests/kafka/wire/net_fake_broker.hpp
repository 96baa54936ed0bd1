// A broker on loopback that answers as a test tells it, in the io_context of the client that it serves.
#pragma once
#include <penstock/pki/certificates.hpp>

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <wire/codec/broker_side.hpp>
#include <wire/messages/metadata.hpp>
#include <wire/net/client.hpp>

namespace penstock::kafka::wire {

class FakeBroker {
 public:
  // The bytes to write for a frame: none for silence, unset to close the connection.
  using Reply = std::optional<std::string>;
  using Script = std::function<Reply(const std::string& frame)>;
  using Tcp = asio::ip::tcp;

  explicit FakeBroker(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls = nullptr)
      : io_(io), tls_(std::move(tls)), acceptor_(io, Tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
    asio::co_spawn(io_, accept(), asio::detached);
  }

  int port() const { return acceptor_.local_endpoint().port(); }
  std::string address(const std::string& host = "127.0.0.1") const { return host + ":" + std::to_string(port()); }

  // Closes every connection, as for being idle too long.
  void close_connections() {
    for (const auto& socket : sockets_) {
      error_code ignored;
      socket->shutdown(Tcp::socket::shutdown_both, ignored);
    }
    sockets_.clear();
  }

  Reply answer(const std::string& frame) {
    const auto header = read_header(frame);
    frames.push_back(frame);
    if (header.key == ApiVersionsRequest::kApi.key) return script_versions(frame);
    return script(frame);
  }

  static ApiVersionsResponse versions() {
    ApiVersionsResponse response;
    response.api_keys = {{3, 0, 12}, {17, 0, 1}, {18, 0, 4}, {36, 0, 2}};
    return response;
  }
  static Reply metadata(const std::string& frame, const std::string& cluster = "fake", int throttle = 0) {
    const auto header = read_header(frame);
    MetadataResponse response;
    response.cluster_id = cluster;
    response.throttle_time_ms = throttle;
    return encode_response(response, header.version, header.correlation);
  }

  Script script = [](const std::string& frame) { return metadata(frame); };
  Script script_versions = [](const std::string& frame) -> Reply {
    const auto header = read_header(frame);
    return encode_response(versions(), header.version, header.correlation);
  };
  std::vector<std::string> frames;
  int connections = 0;

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      error_code error;
      auto socket = std::make_shared<Tcp::socket>(io_);
      co_await acceptor_.async_accept(*socket, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      ++connections;
      sockets_.push_back(socket);
      if (tls_) {
        asio::co_spawn(io_, serve_tls(socket), asio::detached);
      } else {
        asio::co_spawn(io_, serve(socket), asio::detached);
      }
    }
  }

  asio::awaitable<void> serve(std::shared_ptr<Tcp::socket> socket) { co_await talk(*socket); }

  asio::awaitable<void> serve_tls(std::shared_ptr<Tcp::socket> socket) {
    asio::ssl::stream<Tcp::socket&> stream(*socket, *tls_);
    error_code error;
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_await talk(stream);
    socket->close(error);
  }

  template <class Stream>
  asio::awaitable<void> talk(Stream& stream) {
    error_code error;
    for (;;) {
      std::string frame(4, '\0');
      co_await asio::async_read(stream, asio::buffer(frame), asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      std::size_t size = 0;
      for (const char byte : frame) size = size << 8 | static_cast<unsigned char>(byte);
      frame.assign(size, '\0');
      co_await asio::async_read(stream, asio::buffer(frame), asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      const Reply reply = answer(frame);
      const bool close = !reply || reply->ends_with("<close>");
      const std::string bytes = reply ? (close ? reply->substr(0, reply->size() - 7) : *reply) : std::string();
      co_await asio::async_write(stream, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
      if (close) {
        stream.lowest_layer().close(error);
        co_return;
      }
    }
  }

  asio::io_context& io_;
  std::shared_ptr<asio::ssl::context> tls_;
  Tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<Tcp::socket>> sockets_;
};

// Runs the io_context until all of these are done.
template <class T>
std::vector<T> run_all(asio::io_context& io, std::vector<asio::awaitable<T>> asks) {
  std::vector<T> results(asks.size());
  std::size_t left = asks.size();
  for (std::size_t i = 0; i < results.size(); ++i)
    asio::co_spawn(io, std::move(asks[i]), [&results, &left, i](const std::exception_ptr& thrown, T result) {
      CHECK_FALSE(thrown);
      results[i] = std::move(result);
      --left;
    });
  io.restart();
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (left > 0 && std::chrono::steady_clock::now() < limit) io.run_one_for(std::chrono::seconds(1));
  REQUIRE(left == 0);
  return results;
}
template <class T>
T run(asio::io_context& io, asio::awaitable<T> ask) {
  std::vector<asio::awaitable<T>> one;
  one.push_back(std::move(ask));
  return std::move(run_all(io, std::move(one)).front());
}

}  // namespace penstock::kafka::wire
