#include <penstock/operator/renewal.hpp>

#include <algorithm>

namespace penstock::op {
namespace {

constexpr std::size_t kMostTrusted = 4;

bool names_all(const std::string& certificate, const pki::LeafSpec& leaf) {
  const auto info = pki::inspect(certificate);
  return info && holds_all(info->dns_names, leaf.dns_names) && holds_all(info->ip_addresses, leaf.ip_addresses);
}

}  // namespace

bool holds_all(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::ranges::all_of(some, [&](const auto& one) { return std::ranges::find(all, one) != all.end(); });
}

bool is_good(const api::TlsSecret& held, WallTime now, Duration renew_before) {
  return pki::is_key_of(held.key, held.certificate) && !pki::needs_renewal(held.certificate, now, renew_before);
}

std::string trust_list(std::vector<std::string> newest, const std::string& before, WallTime now) {
  for (std::string& one : pki::certificates_in(before)) newest.push_back(std::move(one));
  std::string out;
  std::size_t kept = 0;
  for (const std::string& one : newest) {
    if (kept == kMostTrusted || pki::needs_renewal(one, now, 0s) || out.find(one) != std::string::npos) continue;
    out += one;
    ++kept;
  }
  return out;
}

Result<void> renew_authority(api::TlsSecret& authority, const std::string& trusted, const std::string& common_name,
                             WallTime now) {
  if (!is_good(authority, now, kAuthorityValidity.renew_before)) {
    const auto made = pki::make_authority(common_name, now, kAuthorityValidity.lasts);
    if (!made) return fail("making an authority", made.error());
    authority = {made->certificate, made->key, {}};
  }
  authority.authorities = trust_list({authority.certificate}, trusted, now);
  return {};
}

Result<void> renew_leaf(api::TlsSecret& held, const api::TlsSecret& authority, const pki::LeafSpec& leaf,
                        const Validity& validity, WallTime now) {
  held.authorities = authority.authorities;
  if (is_good(held, now, validity.renew_before) && names_all(held.certificate, leaf) &&
      pki::is_signed_by(held.certificate, held.authorities))
    return {};
  const auto made = pki::make_leaf({authority.certificate, authority.key}, leaf, now, validity.lasts);
  if (!made) return fail("making the certificate of " + leaf.common_name, made.error());
  held.certificate = made->certificate;
  held.key = made->key;
  return {};
}

}  // namespace penstock::op
