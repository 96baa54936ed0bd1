#include "tls.hpp"

#include <boost/asio/buffer.hpp>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace penstock::kafka::wire {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using boost::system::error_code;

std::unexpected<Error> wrong(const std::string& text, const error_code& error) {
  ERR_clear_error();
  return fail(Code::kInvalid, text + ": " + error.message(), Retry::never());
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const Connection& connection) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX* raw = context->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  context->set_verify_mode(ssl::verify_peer);
  error_code error;
  // Instead of OpenSSL's default, which asks at the terminal.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  if (connection.certificate_authority.empty()) {
    context->set_default_verify_paths(error);
    if (error) return wrong("the machine's trust store", error);
  } else {
    context->add_certificate_authority(asio::buffer(connection.certificate_authority), error);
    if (error || sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(raw))) == 0)
      return wrong("certificate authority", error ? error : make_error_code(boost::system::errc::invalid_argument));
    // An intermediate that is given is trusted as it stands.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(raw), X509_V_FLAG_PARTIAL_CHAIN);
  }
  if (!connection.client_certificate.empty()) {
    context->use_certificate_chain(asio::buffer(connection.client_certificate), error);
    if (error) return wrong("client certificate", error);
    context->use_private_key(asio::buffer(connection.client_key), ssl::context::pem, error);
    if (error) return wrong("client key", error);
    if (SSL_CTX_check_private_key(raw) != 1) {
      ERR_clear_error();
      return fail(Code::kInvalid, "client key: it doesn't belong to the certificate", Retry::never());
    }
  }
  ERR_clear_error();
  return context;
}

void expect_host(SSL* tls, const std::string& host) {
  X509_VERIFY_PARAM* param = SSL_get0_param(tls);
  if (X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1) return;
  ERR_clear_error();
  X509_VERIFY_PARAM_set1_host(param, host.c_str(), host.size());
  SSL_set_tlsext_host_name(tls, host.c_str());
}

std::string handshake_failure(SSL* tls, const error_code& error) {
  const long verified = SSL_get_verify_result(tls);
  if (verified != X509_V_OK)
    return std::string("its certificate is refused: ") + X509_verify_cert_error_string(verified);
  return "the TLS handshake failed: " + error.message();
}

}  // namespace penstock::kafka::wire
