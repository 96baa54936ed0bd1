#include "openssl.hpp"

#include <penstock/pki/certificates.hpp>

#include <algorithm>
#include <array>
#include <ctime>

#include <arpa/inet.h>
#include <openssl/err.h>

namespace penstock::pki {
namespace {

constexpr std::string_view kBeginCertificate = "-----BEGIN CERTIFICATE-----",
                           kEndCertificate = "-----END CERTIFICATE-----";

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  const auto day = std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

std::string text_of(const ASN1_STRING* value) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, value);
  if (size < 0) return {};
  std::string copy(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return copy;
}

std::string common_name(X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int position = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return position < 0 ? "" : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, position)));
}

std::string serial(X509* certificate) {
  const std::unique_ptr<BIGNUM, Freed<BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* digits = BN_bn2hex(number.get());
  std::string text = digits == nullptr ? "" : digits;
  OPENSSL_free(digits);
  return text;
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return {};
  inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), static_cast<socklen_t>(text.size()));
  return text.data();
}

}  // namespace

Result<CertificateInfo> inspect(std::string_view certificate_pem) {
  const auto read = read_certificate(certificate_pem);
  if (!read) return std::unexpected(read.error());
  X509* certificate = read->get();
  CertificateInfo info{.common_name = common_name(certificate),
                       .serial = serial(certificate),
                       .not_before = wall_time(X509_get0_notBefore(certificate)),
                       .not_after = wall_time(X509_get0_notAfter(certificate)),
                       .dns_names = {},
                       .ip_addresses = {},
                       .authority = X509_check_ca(certificate) == 1};
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) info.dns_names.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) info.ip_addresses.push_back(address_text(name->d.iPAddress));
  }
  ERR_clear_error();
  return info;
}

std::vector<std::string> certificates_in(std::string_view pem) {
  std::vector<std::string> out;
  for (;;) {
    const auto begin = pem.find(kBeginCertificate), end = pem.find(kEndCertificate, begin);
    if (begin == std::string_view::npos || end == std::string_view::npos) return out;
    out.push_back(std::string(pem.substr(begin, end + kEndCertificate.size() - begin)) + "\n");
    pem.remove_prefix(end + kEndCertificate.size());
  }
}

bool is_key_of(std::string_view key_pem, std::string_view certificate_pem) {
  const auto certificate = read_certificate(certificate_pem);
  const auto key = read_key(key_pem);
  const bool good = certificate && key && X509_check_private_key(certificate->get(), key->get()) == 1;
  ERR_clear_error();
  return good;
}

bool is_signed_by(std::string_view certificate_pem, const std::string& authorities_pem) {
  const auto certificate = read_certificate(certificate_pem);
  const auto authorities = certificates_in(authorities_pem);
  const bool found = certificate && std::ranges::any_of(authorities, [&](const std::string& pem) {
                       const auto authority = read_certificate(pem);
                       return authority && X509_verify(certificate->get(), X509_get0_pubkey(authority->get())) == 1;
                     });
  ERR_clear_error();
  return found;
}

bool needs_renewal(std::string_view certificate_pem, WallTime now, Duration renew_before) {
  const auto info = inspect(certificate_pem);
  return !info || now >= info->not_after - renew_before || now < info->not_before;
}

}  // namespace penstock::pki
