// The only file that knows cpprestsdk. Its calls give tasks on a thread pool of the process; nothing here waits on one
// of those threads. Facts about 2.10.18 that shape it: the request's task is complete at the headers, the body is
// pushed into a stream buffer of ours one piece at a time, cancelling closes the socket, and the library's own timeout
// is inactivity on the socket, not a deadline.
#define _TURN_OFF_PLATFORM_STRING  // its macro U breaks other libraries
#include "exchange.hpp"
#include "identity.hpp"

#include <penstock/http/transport.hpp>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <cpprest/http_client.h>
#include <cpprest/producerconsumerstream.h>
#include <openssl/crypto.h>
#include <pplx/threadpool.h>

namespace penstock::http {
namespace {

namespace client = web::http::client;
using pplx::task;

constexpr std::size_t kMaxBody = 32 * 1024 * 1024;
// After a restart of the other side every pooled connection is dead, and each is found out by one failure.
constexpr int kMaxAttempts = 4;

// Takes the body from the library: one _putn a piece, whose task is done when the reader can take more.
class BodyBuffer final : public concurrency::streams::details::basic_producer_consumer_buffer<std::uint8_t> {
 public:
  explicit BodyBuffer(std::shared_ptr<Exchange> exchange)
      : basic_producer_consumer_buffer(512), exchange_(std::move(exchange)) {}

 private:
  task<size_t> _putn(const std::uint8_t* data, size_t size, bool) override { return _putn(data, size); }
  task<size_t> _putn(const std::uint8_t* data, size_t size) override {
    const pplx::task_completion_event<size_t> taken;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (!exchange_->on_body(bytes, [taken, size] { taken.set(size); }))
      return pplx::task_from_exception<size_t>(std::runtime_error("the body isn't wanted"));
    return pplx::create_task(taken);
  }

  const std::shared_ptr<Exchange> exchange_;
};

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Headers headers_of(const web::http::http_response& response) {
  Headers headers;
  for (const auto& [name, value] : response.headers()) headers.emplace_back(lower_case(name), value);
  return headers;
}

web::http::http_request message_of(const Request& request, const std::string& token) {
  web::http::http_request message(request.method);
  message.set_request_uri(web::uri(request.target));
  std::string content_type = "application/octet-stream";
  for (const auto& [name, value] : request.headers) {
    if (lower_case(name) == "content-type") {
      content_type = value;
    } else {
      message.headers().add(name, value);
    }
  }
  if (!token.empty()) message.headers().add("Authorization", "Bearer " + token);
  if (!request.body.empty()) message.set_body(request.body, content_type);
  return message;
}

// A line break in a header would let its author write further headers.
bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

Result<void> check(const Request& request, const std::string& token) {
  if (has_control_character(token)) return fail(Code::kInvalid, "the bearer token holds a control character");
  for (const auto& [name, value] : request.headers) {
    if (has_control_character(name) || has_control_character(value))
      return fail(Code::kInvalid, "header " + name + " holds a control character");
  }
  return {};
}

// Whether the connection died before anything was answered, as one from the pool does that the other side has closed.
// The library then sends again by itself when the reading found out; this is for when the writing did. It holds for
// writes as well as for reads: every write of ours can be done twice, or is a POST whose AlreadyExists is expected.
bool is_stale_connection(const Failure& failure) {
  return failure.code == EPIPE || failure.code == ECONNRESET || failure.code == ECONNABORTED ||
         (failure.code == EHOSTUNREACH && failure.text == "Failed to write request headers");
}

// Counts what the library still works on, so that a client is only destroyed after its tasks.
class InFlight {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void remove() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  void wait_until_none() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
};

class CpprestTransport final : public Transport {
 public:
  CpprestTransport(const std::string& origin, CredentialSource credentials)
      : origin_(origin), credentials_(std::move(credentials)) {
    try {
      const web::uri address(origin);
      identity_ = std::make_shared<Identity>(address.host());
      requests_ = std::make_unique<client::http_client>(address, config());
      streams_ = std::make_unique<client::http_client>(address, config());
    } catch (const std::exception& e) {
      refusal_ = e.what();
    }
  }
  ~CpprestTransport() override { in_flight_->wait_until_none(); }

  Result<Response> send(const Request& request, Duration timeout, std::stop_token stop) override {
    const auto until = Exchange::Clock::now() + timeout;
    return attempt(
        requests_, request, false, stop, [&](Exchange& exchange) { return exchange.collect(until, stop); },
        "no answer within " + format_duration(timeout));
  }

  Result<Response> stream(const Request& request, const ChunkSink& sink, Duration idle_limit,
                          std::stop_token stop) override {
    return attempt(
        streams_, request, true, stop, [&](Exchange& exchange) { return exchange.relay(sink, idle_limit, stop); },
        "nothing came for " + format_duration(idle_limit));
  }

 private:
  using Wait = std::function<Exchange::End(Exchange&)>;

  client::http_client_config config() const {
    client::http_client_config config;
    // Our own deadlines are shorter: the library's only bounds what is left after we have gone.
    config.set_timeout(std::chrono::hours(1));
    // Credentials go to the origin that they belong to, nowhere else.
    config.set_max_redirects(0);
    config.set_proxy(web::web_proxy(web::web_proxy::disabled));
    config.set_ssl_context_callback(
        [identity = identity_](boost::asio::ssl::context& context) { identity->apply(context.native_handle()); });
    return config;
  }

  Result<Response> attempt(const std::unique_ptr<client::http_client>& to, const Request& request, bool streamed,
                           const std::stop_token& stop, const Wait& wait, const std::string& out_of_time) {
    if (!to) return fail(Code::kInvalid, "\"" + origin_ + "\" is no origin: " + refusal_, Retry::never());
    for (int attempts = 1;; ++attempts) {
      if (stop.stop_requested()) return fail(Code::kCancelled, doing(request) + ": stopped");
      const auto credentials = credentials_ ? credentials_() : Result<Credentials>(Credentials{});
      if (!credentials) return fail("credentials for " + origin_, credentials.error());
      if (auto parsed = identity_->update(*credentials); !parsed) return std::unexpected(parsed.error());
      if (auto checked = check(request, credentials->bearer_token); !checked) return std::unexpected(checked.error());

      pplx::cancellation_token_source cancellation;
      auto exchange = std::make_shared<Exchange>(kMaxBody, streamed);
      try {
        start(*to, message_of(request, credentials->bearer_token), exchange, cancellation.get_token());
      } catch (const std::exception& e) {
        return fail(Code::kInvalid, doing(request) + ": " + e.what(), Retry::never());
      }
      const auto end = wait(*exchange);
      exchange->abandon();
      if (end != Exchange::End::kComplete) cancellation.cancel();
      switch (end) {
        case Exchange::End::kComplete:
        case Exchange::End::kSinkDone:
          return std::move(exchange->response());
        case Exchange::End::kOutOfTime:
          return fail(Code::kTimeout, doing(request) + ": " + out_of_time);
        case Exchange::End::kStopped:
          return fail(Code::kCancelled, doing(request) + ": stopped");
        case Exchange::End::kTooLarge:
          return fail(Code::kInvalid, doing(request) + ": the answer is larger than 32 MiB");
        case Exchange::End::kFailed:
          if (exchange->answered() || attempts == kMaxAttempts || !is_stale_connection(exchange->failure()))
            return std::unexpected(explain(request, *exchange));
      }
    }
  }

  void start(client::http_client& to, web::http::http_request message, const std::shared_ptr<Exchange>& exchange,
             const pplx::cancellation_token& token) {
    const concurrency::streams::streambuf<std::uint8_t> body(std::make_shared<BodyBuffer>(exchange));
    message.set_response_stream(concurrency::streams::ostream(body));
    in_flight_->add();
    task<web::http::http_response> answer;
    try {
      answer = to.request(message, token);
    } catch (...) {
      in_flight_->remove();
      throw;
    }
    answer
        .then([exchange](const task<web::http::http_response>& headers) {
          const web::http::http_response response = headers.get();
          exchange->on_headers(response.status_code(), headers_of(response));
          return response.content_ready();
        })
        .then([exchange, in_flight = in_flight_](const task<web::http::http_response>& whole) {
          try {
            whole.get();
            exchange->on_end({});
          } catch (const web::http::http_exception& e) {
            exchange->on_end(Failure{e.error_code().value(), e.what()});
          } catch (const std::exception& e) {
            exchange->on_end(Failure{0, e.what()});
          }
          in_flight->remove();
        });
  }

  std::string doing(const Request& request) const { return request.method + " " + origin_ + request.target; }

  Error explain(const Request& request, const Exchange& exchange) const {
    const auto& [code, text] = exchange.failure();
    if (exchange.answered()) return {Code::kUnavailable, doing(request) + ": the answer was cut off: " + text};
    const std::string connecting = "connecting to " + origin_ + ": ";
    if (text == "Failed to connect to any resolved endpoint") {
      // The library says "unreachable" for a refusal; a host that really is unreachable has the same number.
      return {Code::kUnavailable, connecting + (code == EHOSTUNREACH ? "connection refused (or no route there)"
                                                                     : std::generic_category().message(code))};
    }
    if (text.find("resol") != std::string::npos) return {Code::kUnavailable, connecting + "its name doesn't resolve"};
    if (text == "Error in SSL handshake") {
      const std::string refusal = identity_->take_refusal();
      return {Code::kUnavailable,
              connecting + (refusal.empty() ? "the TLS handshake failed (code " + std::to_string(code) + ")"
                                            : "its certificate is refused: " + refusal)};
    }
    const std::string cause = code == 0 ? "" : " (" + std::generic_category().message(code) + ")";
    return {Code::kUnavailable, doing(request) + ": the connection ended before an answer: " + text + cause};
  }

  const std::string origin_;
  const CredentialSource credentials_;
  std::string refusal_;  // why the origin is no address
  std::shared_ptr<Identity> identity_;
  const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();
  // Long-lived, since each new connection costs a TLS context; apart, so that streams never starve requests.
  std::unique_ptr<client::http_client> requests_, streams_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(const std::string& origin, CredentialSource credentials) {
  return std::make_unique<CpprestTransport>(origin, std::move(credentials));
}

void initialize_process(int transport_threads) {
  std::signal(SIGPIPE, SIG_IGN);
  // The pool's threads end after OpenSSL's exit handler would have run; without it each of them frees its own state.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  try {
    crossplat::threadpool::initialize_with_threads(static_cast<std::size_t>(transport_threads));
  } catch (const std::exception&) {
    // It is running already, with the library's own 40 threads: more than asked for, but as good.
  }
}

}  // namespace penstock::http
