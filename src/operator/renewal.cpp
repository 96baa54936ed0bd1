#include <penstock/operator/renewal.hpp>

#include <algorithm>

namespace penstock::op {
namespace {

bool names_all(const std::string& certificate, const pki::LeafSpec& leaf) {
  const auto info = pki::inspect(certificate);
  const auto holds = [](const std::vector<std::string>& all, const std::vector<std::string>& some) {
    return std::ranges::all_of(some, [&](const auto& one) { return std::ranges::find(all, one) != all.end(); });
  };
  return info && holds(info->dns_names, leaf.dns_names) && holds(info->ip_addresses, leaf.ip_addresses);
}

}  // namespace

Result<void> renew_authority(api::TlsSecret& authority, const std::string& trusted, const std::string& common_name,
                             WallTime now) {
  const bool good = pki::is_key_of(authority.key, authority.certificate) &&
                    !pki::needs_renewal(authority.certificate, now, kAuthorityValidity.renew_before);
  if (good) {
    const bool known = trusted.find(authority.certificate) != std::string::npos;
    authority.authorities = known ? trusted : authority.certificate + pki::first_certificate(trusted);
    return {};
  }
  const auto made = pki::make_authority(common_name, now, kAuthorityValidity.lasts);
  if (!made) return fail("making an authority", made.error());
  authority = {made->certificate, made->key, made->certificate + pki::first_certificate(trusted)};
  return {};
}

Result<void> renew_leaf(api::TlsSecret& held, const api::TlsSecret& authority, const pki::LeafSpec& leaf,
                        const Validity& validity, WallTime now) {
  held.authorities = authority.authorities;
  const bool good = pki::is_key_of(held.key, held.certificate) &&
                    !pki::needs_renewal(held.certificate, now, validity.renew_before) &&
                    names_all(held.certificate, leaf) && pki::is_signed_by(held.certificate, held.authorities);
  if (good) return {};
  const auto made = pki::make_leaf({authority.certificate, authority.key}, leaf, now, validity.lasts);
  if (!made) return fail("making the certificate of " + leaf.common_name, made.error());
  held.certificate = made->certificate;
  held.key = made->key;
  return {};
}

}  // namespace penstock::op
