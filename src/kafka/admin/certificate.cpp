#include "cluster.hpp"
#include "wire/net/tls.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <openssl/pem.h>

namespace penstock::kafka {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string to_pem(X509* certificate) {
  const Owned<BIO, BIO_free_all> sink(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  PEM_write_bio_X509(sink.get(), certificate);
  const long size = BIO_get_mem_data(sink.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::vector<std::string> common_names(const STACK_OF(X509_NAME) * names) {
  std::vector<std::string> out;
  for (int i = 0; i < sk_X509_NAME_num(names); ++i) {
    char text[256];
    const int size = X509_NAME_get_text_by_NID(sk_X509_NAME_value(names, i), NID_commonName, text, sizeof text);
    if (size > 0) out.emplace_back(text, static_cast<std::size_t>(size));
  }
  return out;
}

}  // namespace

Result<ShownCertificate> AdminCluster::shown_certificate(const std::string& host, int port, Duration timeout) {
  const auto context = wire::make_tls_context(connection_);
  if (!context) return std::unexpected(context.error());
  (*context)->set_verify_mode(asio::ssl::verify_none);
  asio::io_context io;
  tcp::resolver resolver(io);
  asio::ssl::stream<tcp::socket> stream(io, **context);
  wire::expect_host(stream.native_handle(), host);
  // Whom a server accepts it must tell with this version; with the next one it may.
  SSL_set_max_proto_version(stream.native_handle(), TLS1_2_VERSION);
  std::optional<error_code> outcome;
  const auto shaken = [&](error_code error) { outcome = error; };
  const auto connected = [&](error_code error, const tcp::endpoint&) {
    if (error) return shaken(error);
    stream.async_handshake(asio::ssl::stream_base::client, shaken);
  };
  resolver.async_resolve(host, std::to_string(port), [&](error_code error, const tcp::resolver::results_type& found) {
    if (error) return shaken(error);
    asio::async_connect(stream.next_layer(), found, connected);
  });
  io.run_for(timeout);
  const std::string address = host + ":" + std::to_string(port);
  if (!outcome) return fail(Code::kUnavailable, address + " does not answer", Retry::later());
  // It is shown before we are let in or not.
  const Owned<X509, X509_free> shown(SSL_get1_peer_certificate(stream.native_handle()));
  if (!shown)
    return fail(Code::kUnavailable, address + ": " + (*outcome ? outcome->message() : "shows no certificate"),
                Retry::later());
  return ShownCertificate{to_pem(shown.get()), common_names(SSL_get0_peer_CA_list(stream.native_handle()))};
}

}  // namespace penstock::kafka
