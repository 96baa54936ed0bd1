// A broker on loopback that answers as a test tells it, in the io_context of the client that it serves.
#pragma once
#include <penstock/pki/certificates.hpp>

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
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

  explicit FakeBroker(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls = nullptr);

  int port() const { return acceptor_.local_endpoint().port(); }
  std::string address(const std::string& host = "127.0.0.1") const { return host + ":" + std::to_string(port()); }

  // Closes every connection, as for being idle too long.
  void close_connections();

  static ApiVersionsResponse versions();
  static Reply metadata(const std::string& frame, const std::string& cluster = "fake", int throttle = 0);

  Script script, script_versions;
  std::vector<std::string> frames;
  int connections = 0;

 private:
  asio::awaitable<void> accept();
  asio::awaitable<void> serve(std::shared_ptr<Tcp::socket> socket);
  asio::awaitable<void> serve_tls(std::shared_ptr<Tcp::socket> socket);
  Reply answer(const std::string& frame);
  template <class Stream>
  asio::awaitable<void> talk(Stream& stream);

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
