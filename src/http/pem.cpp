#include "pem.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace penstock::http {
namespace {

using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

Memory memory(std::string_view text) {
  return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Instead of OpenSSL's default, which asks at the terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown TLS error" : reason;
}

Result<std::vector<Certificate>> read_certificates(std::string_view pem, std::string_view name) {
  std::vector<Certificate> found;
  const Memory source = memory(pem);
  while (X509* one = PEM_read_bio_X509(source.get(), nullptr, no_passphrase, nullptr)) found.emplace_back(one);
  // The end of the text is reported as "no start line"; anything else is a broken certificate.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = take_openssl_error();
  if (!at_end) return fail(Code::kInvalid, std::string(name) + ": " + reason);
  if (found.empty()) return fail(Code::kInvalid, std::string(name) + ": no PEM certificate in it");
  return found;
}

Result<KeyPair> read_key_pair(std::string_view certificate, std::string_view key, std::string_view name) {
  auto chain = read_certificates(certificate, std::string(name) + " certificate");
  if (!chain) return std::unexpected(chain.error());
  const Memory source = memory(key);
  Key read(PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr));
  if (!read) return fail(Code::kInvalid, std::string(name) + " key: " + take_openssl_error());
  if (X509_check_private_key(chain->front().get(), read.get()) != 1) {
    ERR_clear_error();
    return fail(Code::kInvalid, std::string(name) + " key: it doesn't belong to the certificate");
  }
  return KeyPair{std::move(*chain), std::move(read)};
}

Result<TrustStore> make_trust_store(std::string_view pem, std::string_view name) {
  auto certificates = read_certificates(pem, name);
  if (!certificates) return std::unexpected(certificates.error());
  TrustStore store(X509_STORE_new());
  for (const Certificate& one : *certificates) X509_STORE_add_cert(store.get(), one.get());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

}  // namespace penstock::http
