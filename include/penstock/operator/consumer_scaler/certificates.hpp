// The certificates of penstock-scaler and its callers, and the authority of our own that signs them. Pure but for the
// randomness of keys.
#pragma once
#include <penstock/operator/renewal.hpp>

#include <string>
#include <vector>

namespace penstock::op::consumer_scaler {

inline constexpr Validity kLeafValidity{365 * 24h, 30 * 24h};

// Texts that are empty: there is none.
struct Certificates {
  api::TlsSecret authority;  // the one that signs, with its key
  api::TlsSecret scaler;     // what penstock-scaler shows to its callers, the API server among them
  api::TlsSecret caller;  // what those show; KEDA keeps its own until it restarts, so it lasts as long as its authority
};

// What is missing, soon over or not for all of these names (DNS names and IP addresses of penstock-scaler) made anew,
// the rest as it is. A new authority is trusted by everybody long before a certificate needs it, and the one before it
// for as long as certificates of it may be shown: nobody has to restart at any time.
Result<Certificates> renewed(const Certificates& have, const std::vector<std::string>& names, WallTime now);

}  // namespace penstock::op::consumer_scaler
