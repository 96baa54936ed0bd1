#include "server_tls.hpp"

#include "pem.hpp"

#include <penstock/base/log.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace penstock::http {
namespace {

namespace ssl = boost::asio::ssl;

Result<std::shared_ptr<ssl::context>> make_context(const ServerTls& tls) {
  auto own = read_key_pair(tls.certificate, tls.key, "server");
  if (!own) return std::unexpected(own.error());
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* raw = context->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A resumed session would carry a client's identity past a change of the authorities.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_use_certificate(raw, own->chain.front().get());
  for (std::size_t i = 1; i < own->chain.size(); ++i) SSL_CTX_add1_chain_cert(raw, own->chain[i].get());
  SSL_CTX_use_PrivateKey(raw, own->key.get());
  if (!tls.client_authorities.empty()) {
    auto authorities = read_certificates(tls.client_authorities, "client authorities");
    if (!authorities) return std::unexpected(authorities.error());
    auto store = make_trust_store(tls.client_authorities, "client authorities");
    if (!store) return std::unexpected(store.error());
    SSL_CTX_set1_cert_store(raw, store->get());
    // Named to the client, so that one with several certificates picks the right one.
    for (const Certificate& one : *authorities) SSL_CTX_add_client_CA(raw, one.get());
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  }
  ERR_clear_error();
  return context;
}

}  // namespace

Result<std::shared_ptr<ssl::context>> ServerContexts::current() {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (context_ && now - asked_ < 1s) return context_;
  asked_ = now;
  auto tls = source_();
  if (tls && context_ && *tls == made_from_) return context_;
  auto made = tls ? make_context(*tls) : Result<std::shared_ptr<ssl::context>>(std::unexpected(tls.error()));
  if (made) {
    context_ = *made;
    made_from_ = std::move(*tls);
    complaint_.clear();
    return context_;
  }
  if (!context_) return made;
  if (made.error().what != complaint_) {
    complaint_ = made.error().what;
    log::warn("the server's certificate can't be renewed, the old one stays", {{"error", complaint_}});
  }
  return context_;
}

Peer peer_of(SSL* connection) {
  const Certificate certificate(SSL_get1_peer_certificate(connection));
  if (!certificate || SSL_get_verify_result(connection) != X509_V_OK) return {};
  Peer peer{.certificate_verified = true, .common_name = {}};
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  const int position = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (position < 0) return peer;
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, position));
  unsigned char* text = nullptr;
  if (const int size = ASN1_STRING_to_UTF8(&text, value); size >= 0) {
    peer.common_name.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
  }
  return peer;
}

}  // namespace penstock::http
