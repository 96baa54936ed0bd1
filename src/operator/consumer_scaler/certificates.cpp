#include <penstock/operator/consumer_scaler/certificates.hpp>
#include <penstock/pki/certificates.hpp>

#include <array>

#include <arpa/inet.h>

namespace penstock::op::consumer_scaler {
namespace {

// The first PEM block of a text that may hold several.
std::string first_certificate(const std::string& pem) {
  static constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  const auto end = pem.find(kEnd);
  return end == std::string::npos ? std::string() : pem.substr(0, end + kEnd.size()) + "\n";
}

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

bool names_all(const std::string& certificate, const pki::LeafSpec& leaf) {
  const auto info = pki::inspect(certificate);
  const auto holds = [](const std::vector<std::string>& all, const std::vector<std::string>& some) {
    return std::ranges::all_of(some, [&](const auto& one) { return std::ranges::find(all, one) != all.end(); });
  };
  return info && holds(info->dns_names, leaf.dns_names) && holds(info->ip_addresses, leaf.ip_addresses);
}

Result<void> renew_authority(api::TlsSecret& authority, const std::string& trusted, WallTime now) {
  authority.authorities = trusted;
  if (!authority.key.empty() && !pki::needs_renewal(authority.certificate, now, kRenewAuthorityBefore)) return {};
  const auto made = pki::make_authority("penstock-scaler-ca", now, kAuthorityValidity);
  if (!made) return fail("making an authority", made.error());
  authority = {made->certificate, made->key, made->certificate + first_certificate(trusted)};
  return {};
}

Result<void> renew_leaf(api::TlsSecret& held, const api::TlsSecret& authority, const pki::LeafSpec& leaf,
                        Duration validity, WallTime now) {
  held.authorities = authority.authorities;
  const bool good = !held.key.empty() && !pki::needs_renewal(held.certificate, now, kRenewLeafBefore);
  if (good && names_all(held.certificate, leaf)) return {};
  const auto made = pki::make_leaf({authority.certificate, authority.key}, leaf, now, validity);
  if (!made) return fail("making the certificate of " + leaf.common_name, made.error());
  held.certificate = made->certificate;
  held.key = made->key;
  return {};
}

}  // namespace

Result<Certificates> renewed(const Certificates& have, const std::vector<std::string>& names, WallTime now) {
  Certificates out = have;
  std::string trusted;
  for (const api::TlsSecret* one : {&have.caller, &have.scaler, &have.authority})
    if (!one->authorities.empty()) trusted = one->authorities;
  if (auto done = renew_authority(out.authority, trusted, now); !done) return std::unexpected(done.error());

  pki::LeafSpec scaler{.common_name = std::string(api::kScalerTlsName), .server = true};
  for (const std::string& name : names) (is_address(name) ? scaler.ip_addresses : scaler.dns_names).push_back(name);
  if (auto done = renew_leaf(out.scaler, out.authority, scaler, kServingValidity, now); !done)
    return std::unexpected(done.error());
  const pki::LeafSpec caller{.common_name = "penstock-scaler-caller", .client = true};
  if (auto done = renew_leaf(out.caller, out.authority, caller, kAuthorityValidity, now); !done)
    return std::unexpected(done.error());
  return out;
}

}  // namespace penstock::op::consumer_scaler
