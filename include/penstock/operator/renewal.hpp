// Certificates that lie in Secrets and are made anew before they end, and the authorities of our own that sign them.
// Pure but for the randomness of keys.
#pragma once
#include <penstock/api/tls_secret.hpp>
#include <penstock/base/time.hpp>
#include <penstock/pki/certificates.hpp>

#include <string>
#include <vector>

namespace penstock::op {

struct Validity {
  Duration lasts{};
  Duration renew_before{};  // its end
  bool operator==(const Validity&) const = default;
};

inline constexpr Validity kAuthorityValidity{3650 * 24h, 730 * 24h};

bool holds_all(const std::vector<std::string>& all, const std::vector<std::string>& some);

// Whether there is a key with its certificate, and time left until it must be made anew.
bool is_good(const api::TlsSecret& held, WallTime now, Duration renew_before);

// Certificates of authorities, PEM, one after another: the newest first, each once, none that has ended, at most four.
std::string trust_list(std::vector<std::string> newest, const std::string& before, WallTime now);

// An authority whose key is missing or that is soon over is made anew. The new one is trusted by everybody long before
// a certificate needs it, and those before it for as long as certificates of them may be shown: nobody has to restart
// at any time. `trusted`: whom the holders of its certificates trust already.
Result<void> renew_authority(api::TlsSecret& authority, const std::string& trusted, const std::string& common_name,
                             WallTime now);

// A certificate that is missing, soon over, without one of the names, or of somebody whom its authority's other
// certificates don't trust is made anew; the others stay.
Result<void> renew_leaf(api::TlsSecret& held, const api::TlsSecret& authority, const pki::LeafSpec& leaf,
                        const Validity& validity, WallTime now);

}  // namespace penstock::op
