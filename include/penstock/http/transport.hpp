// Bytes to and from one origin. The only implementation that talks to a network is made by make_transport; tests script
// their own.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/time.hpp>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string target{};  // path and query, percent-encoded
  Headers headers{};
  std::string body{};
  bool operator==(const Request&) const = default;
};

struct Response {
  int status = 0;
  Headers headers{};  // names in lower case
  std::string body{};

  bool ok() const { return status >= 200 && status < 300; }
  std::string_view header(std::string_view lower_case_name) const;  // empty when absent
};

// Called with the bytes as they come, on the calling thread of stream(). False ends the stream.
using ChunkSink = std::function<bool(std::string_view)>;

class Transport {
 public:
  virtual ~Transport() = default;
  // One request and its whole answer, whatever its status. Errors: kTimeout at the deadline, kCancelled at the stop,
  // kUnavailable for what happens below HTTP, kInvalid for an answer over the size limit. Any thread.
  virtual Result<Response> send(const Request& request, Duration timeout, std::stop_token stop) = 0;
  // As send, but a 2xx body goes to the sink piece by piece; returns, with an empty body, when the other side ended it
  // or the sink did. kTimeout when nothing came for idle_limit.
  virtual Result<Response> stream(const Request& request, const ChunkSink& sink, Duration idle_limit,
                                  std::stop_token stop) = 0;
};

// PEM texts and a token, as they are at this moment: read anew for each connection (certificates) or request (token),
// so rotation needs no restart.
struct Credentials {
  std::string certificate_authority{};  // empty: the machine's own trust store
  std::string client_certificate{}, client_key{};
  std::string bearer_token{};
};
using CredentialSource = std::function<Result<Credentials>()>;

// origin: "https://host:port". TLS 1.2 or newer, names verified.
std::unique_ptr<Transport> make_transport(const std::string& origin, CredentialSource credentials);

// Once, first thing in main, before any other thread: sizes the transport's thread pool and ignores SIGPIPE.
void initialize_process(int transport_threads = 4);

std::string percent_encode(std::string_view text);

}  // namespace penstock::http
