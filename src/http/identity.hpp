// Whom a client trusts and who it says it is, in a form that a new TLS connection can take over at once. Any thread.
#pragma once
#include "pem.hpp"

#include <penstock/http/transport.hpp>

#include <memory>
#include <mutex>
#include <string>

#include <openssl/ssl.h>

namespace penstock::http {

class Identity {
 public:
  explicit Identity(std::string host) : host_(std::move(host)) {}

  // Parses the PEM texts when they differ from the last ones. An error leaves the last good ones in use.
  Result<void> update(const Credentials& credentials);
  // Sets up a connection's context. It must not outlive this object: its verification reports to it.
  void apply(SSL_CTX* context);
  // Why the newest connection's certificate was refused; empty when it wasn't. Emptied by the call.
  std::string take_refusal();

 private:
  struct Parsed {
    std::string certificate_authority, client_certificate, client_key;
    TrustStore trusted;  // null: the machine's own
    KeyPair own;         // empty: none
  };
  static int verify(X509_STORE_CTX* chain, void* self);

  const std::string host_;
  std::mutex mutex_;
  std::shared_ptr<const Parsed> parsed_ = std::make_shared<Parsed>();
  std::string refusal_;
};

}  // namespace penstock::http
