// What a TLS connection to a broker trusts and who it says it is.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/kafka/types.hpp>

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

namespace penstock::kafka::wire {

// Trusts exactly the given authority, or else the machine's store. TLS 1.2 or newer. kInvalid says which text is wrong.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const Connection& connection);

// Makes the handshake demand a certificate for this name or address, and tells the name to the broker (SNI).
void expect_host(SSL* tls, const std::string& host);

// Why the handshake failed: the certificate's refusal where there is one.
std::string handshake_failure(SSL* tls, const boost::system::error_code& error);

}  // namespace penstock::kafka::wire
