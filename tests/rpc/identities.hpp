// Certificates for both ends of a connection, of one authority.
#pragma once
#include <penstock/api/tls_secret.hpp>
#include <penstock/pki/certificates.hpp>

namespace penstock::rpc::testing {

struct Identities {
  api::TlsSecret scaler, caller;
};

inline Identities new_identities() {
  const WallTime now = SystemClock().wall();
  const auto authority = pki::make_authority("test-ca", now, 24h).value();
  const auto signed_leaf = [&](const pki::LeafSpec& spec) {
    const auto leaf = pki::make_leaf(authority, spec, now, 24h).value();
    return api::TlsSecret{leaf.certificate, leaf.key, authority.certificate};
  };
  const std::string name(api::kScalerTlsName);
  return {signed_leaf({.common_name = name, .dns_names = {name}, .server = true}),
          signed_leaf({.common_name = "caller", .client = true})};
}

// The same for all tests of a program.
inline const Identities& identities() {
  static const Identities kMade = new_identities();
  return kMade;
}

}  // namespace penstock::rpc::testing
