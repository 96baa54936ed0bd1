#include "request_reader.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace penstock::http {
namespace {

namespace beast = boost::beast;
namespace beast_http = boost::beast::http;
using boost::system::error_code;

}  // namespace

// What isn't used at once is a header, or the line before a chunk, which may be no longer than one.
RequestReader::RequestReader(const ServerOptions& options) : max_held_(options.max_header_bytes) {
  parser_.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
  parser_.body_limit(options.max_body_bytes);
}

RequestReader::State RequestReader::take(beast::flat_buffer& bytes) {
  const bool in_header = !parser_.is_header_done();
  while (bytes.size() > 0 && !parser_.is_done()) {
    error_code error;
    const std::size_t used = parser_.put(bytes.data(), error);
    bytes.consume(used);
    if (error == beast_http::error::need_more) {
      if (used == 0 && bytes.size() > max_held_) return refuse(beast_http::error::header_limit);
      if (used == 0) break;
    } else if (error) {
      return refuse(error);
    }
    if (in_header && parser_.is_header_done()) break;
  }
  if (!parser_.is_header_done()) return State::kHeader;
  return parser_.is_done() ? State::kDone : State::kBody;
}

RequestReader::State RequestReader::refuse(const error_code& error) {
  if (error == beast_http::error::header_limit) {
    refusal_ = {.status = 431, .body = "the request's header is too large\n"};
  } else if (error == beast_http::error::body_limit) {
    refusal_ = {.status = 413, .body = "the request's body is too large\n"};
  } else {
    refusal_ = {.status = 400, .body = "this is no HTTP request: " + error.message() + "\n"};
  }
  return State::kRefused;
}

bool RequestReader::expects_continue() const {
  return beast::iequals(parser_.get()[beast_http::field::expect], "100-continue");
}

bool RequestReader::is_head() const {
  return parser_.get().method() == beast_http::verb::head;
}
bool RequestReader::keeps_alive() const {
  return parser_.get().keep_alive();
}

ServerRequest RequestReader::request(const Peer& peer) {
  auto& message = parser_.get();
  ServerRequest request{.method = std::string(message.method_string()),
                        .target = std::string(message.target()),
                        .body = std::move(message.body()),
                        .peer = peer};
  for (const auto& field : message) {
    std::string name(field.name_string());
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  return request;
}

}  // namespace penstock::http
