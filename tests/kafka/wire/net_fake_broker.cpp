#include "net_fake_broker.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace penstock::kafka::wire {

FakeBroker::FakeBroker(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls)
    : script([](const std::string& frame) { return metadata(frame); }),
      script_versions([](const std::string& frame) -> Reply {
        const auto header = read_header(frame);
        return encode_response(versions(), header.version, header.correlation);
      }),
      io_(io),
      tls_(std::move(tls)),
      acceptor_(io, Tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
  asio::co_spawn(io_, accept(), asio::detached);
}

void FakeBroker::close_connections() {
  for (const auto& socket : sockets_) {
    error_code ignored;
    socket->shutdown(Tcp::socket::shutdown_both, ignored);
  }
  sockets_.clear();
}

ApiVersionsResponse FakeBroker::versions() {
  ApiVersionsResponse response;
  response.api_keys = {{3, 0, 12}, {17, 0, 1}, {18, 0, 4}, {36, 0, 2}};
  return response;
}

FakeBroker::Reply FakeBroker::metadata(const std::string& frame, const std::string& cluster, int throttle) {
  const auto header = read_header(frame);
  MetadataResponse response;
  response.cluster_id = cluster;
  response.throttle_time_ms = throttle;
  return encode_response(response, header.version, header.correlation);
}

FakeBroker::Reply FakeBroker::answer(const std::string& frame) {
  frames.push_back(frame);
  return read_header(frame).key == ApiVersionsRequest::kApi.key ? script_versions(frame) : script(frame);
}

asio::awaitable<void> FakeBroker::accept() {
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

asio::awaitable<void> FakeBroker::serve(std::shared_ptr<Tcp::socket> socket) {
  co_await talk(*socket);
}

asio::awaitable<void> FakeBroker::serve_tls(std::shared_ptr<Tcp::socket> socket) {
  asio::ssl::stream<Tcp::socket&> stream(*socket, *tls_);
  error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_await talk(stream);
  socket->close(error);
}

template <class Stream>
asio::awaitable<void> FakeBroker::talk(Stream& stream) {
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

}  // namespace penstock::kafka::wire
