// The Secrets of the release namespace through which penstock-operator gives certificates to penstock-scaler and to
// those who call it over gRPC.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/json.hpp>

#include <string>
#include <string_view>

namespace penstock::api {

inline constexpr std::string_view kScalerTlsSecret = "penstock-scaler-tls";  // what penstock-scaler shows
inline constexpr std::string_view kCallerTlsSecret = "penstock-caller-tls";  // what its callers show
// A name in penstock-scaler's certificate wherever it runs: its callers check this one, by whatever address they come.
inline constexpr std::string_view kScalerTlsName = "penstock-scaler";

// PEM texts as they lie in a Secret of type kubernetes.io/tls.
struct TlsSecret {
  std::string certificate, key;  // tls.crt, tls.key
  std::string authorities;       // ca.crt: whom its holder trusts, the newest first
  bool operator==(const TlsSecret&) const = default;
};

// kInvalid: a text is missing or can't be read, and which.
Result<TlsSecret> parse_tls_secret(const Json& secret);
// The Secret's `data`.
Json print_tls_data(const TlsSecret& tls);

}  // namespace penstock::api
