// PEM text to OpenSSL objects that free themselves.
#pragma once
#include <penstock/base/error.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace penstock::http {

template <auto Free>
struct Freed {
  void operator()(auto* object) const { Free(object); }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using TrustStore = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;

// A leaf with what signs it, and its key; checked to belong together.
struct KeyPair {
  std::vector<Certificate> chain;  // the leaf first
  Key key;
};

// All of them say in their error which text was wrong ("client certificate: no PEM certificate in it").
Result<std::vector<Certificate>> read_certificates(std::string_view pem, std::string_view name);
Result<KeyPair> read_key_pair(std::string_view certificate, std::string_view key, std::string_view name);
// Every certificate in the text is trusted, an intermediate too, as Kubernetes clients do.
Result<TrustStore> make_trust_store(std::string_view pem, std::string_view name);

// The newest error of this thread's OpenSSL queue in words; empties the queue.
std::string take_openssl_error();

}  // namespace penstock::http
