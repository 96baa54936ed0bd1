#include "openssl.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace penstock::pki {
namespace {

// Instead of OpenSSL's default, which asks at the terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

Memory memory(std::string_view text) {
  return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<std::string> written(const Memory& sink, int result) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(sink.get(), &data);
  if (result != 1 || size <= 0) return fail(Code::kInternal, "writing PEM: " + take_openssl_error());
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

Result<Certificate> read_certificate(std::string_view pem) {
  const Memory source = memory(pem);
  Certificate certificate(PEM_read_bio_X509(source.get(), nullptr, no_passphrase, nullptr));
  if (!certificate) return fail(Code::kInvalid, "no PEM certificate: " + take_openssl_error());
  return certificate;
}

Result<Key> read_key(std::string_view pem) {
  const Memory source = memory(pem);
  Key key(PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr));
  if (!key) return fail(Code::kInvalid, "no PEM key: " + take_openssl_error());
  return key;
}

Result<std::string> write(X509* certificate) {
  const Memory sink(BIO_new(BIO_s_mem()));
  return written(sink, PEM_write_bio_X509(sink.get(), certificate));
}

Result<std::string> write(EVP_PKEY* key) {
  const Memory sink(BIO_new(BIO_s_mem()));
  return written(sink, PEM_write_bio_PKCS8PrivateKey(sink.get(), key, nullptr, nullptr, 0, nullptr, nullptr));
}

}  // namespace penstock::pki
