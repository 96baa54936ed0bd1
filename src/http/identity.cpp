#include "identity.hpp"

#include <utility>

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace penstock::http {

Result<void> Identity::update(const Credentials& credentials) {
  {
    const std::lock_guard lock(mutex_);
    if (parsed_->certificate_authority == credentials.certificate_authority &&
        parsed_->client_certificate == credentials.client_certificate && parsed_->client_key == credentials.client_key)
      return {};
  }
  auto next = std::make_shared<Parsed>();
  next->certificate_authority = credentials.certificate_authority;
  next->client_certificate = credentials.client_certificate;
  next->client_key = credentials.client_key;
  if (!credentials.certificate_authority.empty()) {
    auto store = make_trust_store(credentials.certificate_authority, "certificate authority of " + host_);
    if (!store) return std::unexpected(store.error());
    next->trusted = std::move(*store);
  }
  if (!credentials.client_certificate.empty()) {
    auto own = read_key_pair(credentials.client_certificate, credentials.client_key, "client");
    if (!own) return std::unexpected(own.error());
    next->own = std::move(*own);
  }
  const std::lock_guard lock(mutex_);
  parsed_ = std::move(next);
  return {};
}

void Identity::apply(SSL_CTX* context) {
  std::shared_ptr<const Parsed> parsed;
  {
    const std::lock_guard lock(mutex_);
    parsed = parsed_;
  }
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // The certificate's names are checked by OpenSSL itself too, so that a refusal can say so.
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(context);
  if (X509_VERIFY_PARAM_set1_ip_asc(param, host_.c_str()) != 1)
    X509_VERIFY_PARAM_set1_host(param, host_.c_str(), host_.size());
  if (parsed->trusted) SSL_CTX_set1_cert_store(context, parsed->trusted.get());
  if (parsed->own.key) {
    SSL_CTX_use_certificate(context, parsed->own.chain.front().get());
    for (std::size_t i = 1; i < parsed->own.chain.size(); ++i)
      SSL_CTX_add1_chain_cert(context, parsed->own.chain[i].get());
    SSL_CTX_use_PrivateKey(context, parsed->own.key.get());
  }
  SSL_CTX_set_cert_verify_callback(context, &Identity::verify, this);
  ERR_clear_error();
}

int Identity::verify(X509_STORE_CTX* chain, void* self) {
  const int verified = X509_verify_cert(chain);
  auto* identity = static_cast<Identity*>(self);
  const std::lock_guard lock(identity->mutex_);
  identity->refusal_ = verified == 1 ? "" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain));
  return verified;
}

std::string Identity::take_refusal() {
  const std::lock_guard lock(mutex_);
  return std::exchange(refusal_, {});
}

}  // namespace penstock::http
