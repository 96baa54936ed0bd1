// The server's TLS context: made anew when its source gives other texts, so that a rotated certificate is used for the
// next connection.
#pragma once
#include <penstock/http/server.hpp>

#include <chrono>
#include <memory>
#include <mutex>

#include <boost/asio/ssl/context.hpp>

namespace penstock::http {

class ServerContexts {
 public:
  explicit ServerContexts(TlsSource source) : source_(std::move(source)) {}

  // Asks the source at most once a second; while that fails, the last good context stays. Any thread.
  Result<std::shared_ptr<boost::asio::ssl::context>> current();

 private:
  const TlsSource source_;
  std::mutex mutex_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  ServerTls made_from_;
  std::chrono::steady_clock::time_point asked_;
  std::string complaint_;  // said once
};

// Who the client's verified certificate names; nobody when it gave none.
Peer peer_of(SSL* connection);

}  // namespace penstock::http
