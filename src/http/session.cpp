#include "session.hpp"

#include "request_reader.hpp"

#include <penstock/base/log.hpp>

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/beast/http/status.hpp>

namespace penstock::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr Duration kHandshakeLimit = 10s;
constexpr std::size_t kReadSize = 16 * 1024;

ServerResponse answer(const Handler& handler, const ServerRequest& request) {
  try {
    return handler(request);
  } catch (const std::exception& e) {
    log::error("a request's handler failed", {{"target", request.target}, {"error", e.what()}});
    return {.status = 500, .body = "internal error\n"};
  }
}

std::string header_of(const ServerResponse& response, bool keep) {
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text.append(reason.data(), reason.size());
  text += "\r\nContent-Type: " + response.content_type;
  text += "\r\nContent-Length: " + std::to_string(response.body.size());
  text += keep ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  return text;
}

}  // namespace

Session::Session(std::shared_ptr<Line> line, const SessionContext& shared)
    : line_(std::move(line)), shared_(shared), held_(shared.options.max_header_bytes + 2 * kReadSize) {}

void Session::wake() {
  asio::post(line_->executor(), [self = shared_from_this()] {
    if (self->idle_) self->line_->cancel();
  });
}

// Each co_await here is a statement of its own: g++ 12 makes wrong code of some that are part of a condition.
awaitable<void> Session::run() {
  line_->limit(std::min(shared_.options.idle_limit, kHandshakeLimit));
  bool going_on = co_await line_->open();
  if (going_on) peer_ = line_->peer();
  while (going_on) going_on = co_await serve_one();
}

// False when the connection is at its end.
awaitable<bool> Session::serve_one() {
  RequestReader reader(shared_.options);
  idle_ = true;
  // One limit for the pause and the whole header: a client can't stretch it by sending a byte now and then.
  line_->limit(shared_.options.idle_limit);
  bool complete = false;
  if (!shared_.finishing) complete = co_await read(reader);
  idle_ = false;
  if (!complete) {
    const bool refused = reader.refusal().status != 200;
    bool told = false;
    if (refused) told = co_await write(reader.refusal(), false, false);
    if (told) co_await line_->linger();
    if (!refused) co_await line_->close();
    co_return false;
  }
  const ServerResponse answered = answer(shared_.handler, reader.request(peer_));
  const bool keep = reader.keeps_alive() && !shared_.finishing;
  const bool written = co_await write(answered, reader.is_head(), keep);
  if (written && keep) co_return true;
  if (written) co_await line_->close();
  co_return false;
}

// False when the connection ended first or the request is refused.
awaitable<bool> Session::read(RequestReader& reader) {
  auto state = reader.take(held_);
  for (bool in_body = false; state != RequestReader::State::kDone;) {
    if (state == RequestReader::State::kRefused) co_return false;
    if (state == RequestReader::State::kBody && !std::exchange(in_body, true)) {
      idle_ = false;
      line_->limit(shared_.options.idle_limit);
      if (reader.expects_continue()) co_await line_->write("HTTP/1.1 100 Continue\r\n\r\n");
      state = reader.take(held_);
      continue;
    }
    const std::size_t size = co_await line_->read(held_.prepare(kReadSize));
    if (size == 0) co_return false;
    held_.commit(size);
    state = reader.take(held_);
  }
  co_return true;
}

awaitable<bool> Session::write(const ServerResponse& response, bool head, bool keep) {
  line_->limit(shared_.options.idle_limit);
  std::string text = header_of(response, keep);
  if (!head) text += response.body;
  const bool written = co_await line_->write(text);
  co_return written;
}

}  // namespace penstock::http
