#include <penstock/operator/consumer_scaler/certificates.hpp>
#include <penstock/operator/renewal.hpp>

#include <array>

#include <arpa/inet.h>

namespace penstock::op::consumer_scaler {
namespace {

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

}  // namespace

Result<Certificates> renewed(const Certificates& have, const std::vector<std::string>& names, WallTime now) {
  Certificates out = have;
  std::string trusted;
  for (const api::TlsSecret* one : {&have.caller, &have.scaler, &have.authority})
    if (!one->authorities.empty()) trusted = one->authorities;
  if (auto done = renew_authority(out.authority, trusted, "penstock-scaler-ca", now); !done)
    return std::unexpected(done.error());

  pki::LeafSpec scaler{.common_name = std::string(api::kScalerTlsName), .server = true};
  for (const std::string& name : names) (is_address(name) ? scaler.ip_addresses : scaler.dns_names).push_back(name);
  if (auto done = renew_leaf(out.scaler, out.authority, scaler, kLeafValidity, now); !done)
    return std::unexpected(done.error());
  const pki::LeafSpec caller{.common_name = "penstock-scaler-caller", .client = true};
  if (auto done =
          renew_leaf(out.caller, out.authority, caller, {kAuthorityValidity.lasts, kLeafValidity.renew_before}, now);
      !done)
    return std::unexpected(done.error());
  return out;
}

}  // namespace penstock::op::consumer_scaler
