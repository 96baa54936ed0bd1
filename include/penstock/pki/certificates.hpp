// Certificate authorities and the leaves that they sign, as PEM texts: EC P-256 keys, X.509 v3, SHA-256. Time is an
// argument; only keys, serial numbers and ids are drawn from the system's randomness. Any thread.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/time.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::pki {

struct CertificateAndKey {
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS #8, unencrypted: a secret
};

// Signs leaves only: its path length is 0.
Result<CertificateAndKey> make_authority(const std::string& common_name, WallTime now, Duration validity);

struct LeafSpec {
  std::string common_name{};  // at most 64 bytes (X.520)
  std::vector<std::string> organizations{};
  std::vector<std::string> dns_names{}, ip_addresses{};
  bool server = false, client = false;  // what it may be used for
};

// The leaf ends with its authority at the latest. Errors: kInvalid for an unusable name, address or authority.
Result<CertificateAndKey> make_leaf(const CertificateAndKey& authority, const LeafSpec& leaf, WallTime now,
                                    Duration validity);

struct CertificateInfo {
  std::string common_name;
  std::string serial;  // hexadecimal
  WallTime not_before, not_after;
  std::vector<std::string> dns_names, ip_addresses;
  bool authority = false;
};

// The first certificate of the text.
Result<CertificateInfo> inspect(std::string_view certificate_pem);

// Whether the first certificate of the text was signed by one of these authorities, PEM texts one after another.
bool is_signed_by(std::string_view certificate_pem, const std::string& authorities_pem);

// Whether they are of one pair.
bool is_key_of(std::string_view key_pem, std::string_view certificate_pem);

// The PEM certificates of a text that may hold other things besides.
std::vector<std::string> certificates_in(std::string_view pem);

// True within renew_before of its end, before its beginning (a clock was wrong), and for a text that holds no
// certificate.
bool needs_renewal(std::string_view certificate_pem, WallTime now, Duration renew_before);

}  // namespace penstock::pki
