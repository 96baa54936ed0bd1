#include "line.hpp"

#include "tls.hpp"

#include <utility>

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace penstock::kafka::wire {
namespace {

auto into(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

}  // namespace

Line::Line(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls)
    : tls_(std::move(tls)), resolver_(io), socket_(io), limit_(io) {}

asio::awaitable<Result<void>> Line::open(Address address) {
  error_code error;
  const std::string port = std::to_string(address.port);
  const auto found = co_await resolver_.async_resolve(address.host, port, into(error));
  if (error) co_return fail(Code::kUnavailable, "its name can't be resolved: " + error.message());
  error = asio::error::host_not_found;
  for (const auto& one : found) {
    if (closed_) co_return fail(Code::kCancelled, "closed");
    error_code ignored;
    socket_.close(ignored);
    auto late = std::make_shared<bool>(false);
    limit_.expires_after(kAddressLimit);
    limit_.async_wait([this, late](const error_code& ended) {
      if (ended || *late) return;
      *late = true;
      error_code nothing;
      socket_.close(nothing);
    });
    error.clear();
    const asio::ip::tcp::endpoint endpoint = one.endpoint();
    co_await socket_.async_connect(endpoint, into(error));
    const bool timed_out = std::exchange(*late, true);
    limit_.cancel();
    if (!error) break;
    if (timed_out) error = asio::error::timed_out;
  }
  if (closed_) co_return fail(Code::kCancelled, "closed");
  if (error) co_return fail(Code::kUnavailable, error.message());
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  if (!tls_) co_return Result<void>();
  stream_.emplace(socket_, *tls_);
  expect_host(stream_->native_handle(), address.host);
  co_await stream_->async_handshake(asio::ssl::stream_base::client, into(error));
  if (error) co_return fail(Code::kUnavailable, handshake_failure(stream_->native_handle(), error));
  co_return Result<void>();
}

asio::awaitable<error_code> Line::read(asio::mutable_buffer all) {
  error_code error;
  if (stream_) {
    co_await asio::async_read(*stream_, all, into(error));
  } else {
    co_await asio::async_read(socket_, all, into(error));
  }
  co_return error;
}

asio::awaitable<error_code> Line::write(asio::const_buffer all) {
  error_code error;
  if (stream_) {
    co_await asio::async_write(*stream_, all, into(error));
  } else {
    co_await asio::async_write(socket_, all, into(error));
  }
  co_return error;
}

void Line::close() {
  closed_ = true;
  resolver_.cancel();
  limit_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace penstock::kafka::wire
