// OpenSSL objects that free themselves.
#pragma once
#include <penstock/base/error.hpp>

#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

namespace penstock::pki {

template <auto Free>
struct Freed {
  void operator()(auto* object) const { Free(object); }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

// The newest error of this thread's OpenSSL queue in words; empties the queue.
std::string take_openssl_error();
Result<Certificate> read_certificate(std::string_view pem);
Result<Key> read_key(std::string_view pem);
Result<std::string> write(X509* certificate);
Result<std::string> write(EVP_PKEY* key);

}  // namespace penstock::pki
