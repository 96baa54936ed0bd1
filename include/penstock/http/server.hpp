// The small HTTP(S) server behind /healthz, /readyz, /metrics and the external metrics API. Bounded in header size,
// body size, connections and time, so that a slow or hostile client costs little.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/time.hpp>
#include <penstock/http/transport.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace penstock::http {

// Who is on the other side: filled from a verified client certificate.
struct Peer {
  bool certificate_verified = false;
  std::string common_name{};
};

struct ServerRequest {
  std::string method{}, target{};
  Headers headers{};  // names in lower case
  std::string body{};
  Peer peer{};
  std::string_view header(std::string_view lower_case_name) const;
};

struct ServerResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
};

// Called on a server thread; must answer without blocking on anything remote for long.
using Handler = std::function<ServerResponse(const ServerRequest&)>;

// PEM texts, asked for again when they may have changed: a new certificate is used for the next connection.
struct ServerTls {
  std::string certificate{}, key{};
  std::string
      client_authorities{};  // when set, a client certificate is asked for and, if given, verified against these
  bool operator==(const ServerTls&) const = default;
};
using TlsSource = std::function<Result<ServerTls>()>;

struct ServerOptions {
  std::string address = "0.0.0.0";
  unsigned short port = 0;  // 0: any free one
  TlsSource tls{};          // unset: plain HTTP
  int threads = 2;
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 1024 * 1024;
  std::size_t max_connections = 1024;
  Duration idle_limit = 30s;
};

class Server {
 public:
  virtual ~Server() = default;  // stops accepting, ends connections, joins its threads
  virtual unsigned short port() const = 0;
};

// Errors: kUnavailable when the address can't be bound, saying which.
Result<std::unique_ptr<Server>> serve(const ServerOptions& options, Handler handler);

}  // namespace penstock::http
