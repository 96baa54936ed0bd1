#include "openssl.hpp"

#include <penstock/pki/certificates.hpp>

#include <algorithm>
#include <array>

#include <openssl/err.h>
#include <openssl/rand.h>

namespace penstock::pki {
namespace {

// Clocks of other machines may be behind ours.
constexpr Duration kBackdated = 5min;

std::time_t seconds(WallTime time) {
  return std::chrono::system_clock::to_time_t(time);
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);  // positive and of full length
  const std::unique_ptr<BIGNUM, Freed<BN_free>> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool add_to_name(X509_NAME* name, const char* field, const std::string& value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Takes over the value.
bool add_name(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(names, name) > 0) return true;
  GENERAL_NAME_free(name);
  return false;
}

Result<void> add_alternative_names(X509* certificate, const LeafSpec& leaf) {
  const Names names(GENERAL_NAMES_new());
  for (const std::string& dns : leaf.dns_names) {
    ASN1_STRING* value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, dns.data(), static_cast<int>(dns.size()));
    if (!add_name(names.get(), GEN_DNS, value)) return fail(Code::kInternal, "DNS name " + dns);
  }
  for (const std::string& address : leaf.ip_addresses) {
    ASN1_OCTET_STRING* value = a2i_IPADDRESS(address.c_str());
    if (value == nullptr) return fail(Code::kInvalid, "\"" + address + "\" is no IP address", Retry::never());
    if (!add_name(names.get(), GEN_IPADD, value)) return fail(Code::kInternal, "IP address " + address);
  }
  if (sk_GENERAL_NAME_num(names.get()) == 0) return {};
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) != 1)
    return fail(Code::kInternal, "alternative names: " + take_openssl_error());
  return {};
}

// Version, serial number, lifetime and key of a new certificate.
Result<Certificate> begin(EVP_PKEY* key, std::time_t from, std::time_t to) {
  Certificate certificate(X509_new());
  const bool good = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    set_serial(certificate.get()) &&
                    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), from) != nullptr &&
                    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), to) != nullptr &&
                    X509_set_pubkey(certificate.get(), key) == 1;
  if (!good) return fail(Code::kInternal, "making a certificate: " + take_openssl_error());
  return certificate;
}

Result<CertificateAndKey> sign(X509* certificate, EVP_PKEY* key, EVP_PKEY* signer) {
  if (X509_sign(certificate, signer, EVP_sha256()) <= 0)
    return fail(Code::kInternal, "signing a certificate: " + take_openssl_error());
  auto certificate_pem = write(certificate);
  if (!certificate_pem) return std::unexpected(certificate_pem.error());
  auto key_pem = write(key);
  if (!key_pem) return std::unexpected(key_pem.error());
  return CertificateAndKey{std::move(*certificate_pem), std::move(*key_pem)};
}

std::unexpected<Error> bad_name(const std::string& common_name) {
  return fail(Code::kInvalid, "\"" + common_name + "\" can't be a common name: " + take_openssl_error(),
              Retry::never());
}

}  // namespace

Result<CertificateAndKey> make_authority(const std::string& common_name, WallTime now, Duration validity) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return fail(Code::kInternal, "making a key: " + take_openssl_error());
  auto begun = begin(key.get(), seconds(now - kBackdated), seconds(now + validity));
  if (!begun) return std::unexpected(begun.error());
  X509* certificate = begun->get();
  X509_NAME* name = X509_get_subject_name(certificate);
  if (!add_to_name(name, "CN", common_name) || X509_set_issuer_name(certificate, name) != 1)
    return bad_name(common_name);
  const bool extended = add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                        add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                        add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
                        add_extension(certificate, certificate, NID_authority_key_identifier, "keyid:always");
  if (!extended) return fail(Code::kInternal, "extensions of an authority: " + take_openssl_error());
  return sign(certificate, key.get(), key.get());
}

Result<CertificateAndKey> make_leaf(const CertificateAndKey& authority, const LeafSpec& leaf, WallTime now,
                                    Duration validity) {
  const auto info = inspect(authority.certificate);
  if (!info) return fail("the authority", info.error());
  if (!info->authority) return fail(Code::kInvalid, "\"" + info->common_name + "\" is no authority", Retry::never());
  const auto issuer = read_certificate(authority.certificate);
  if (!issuer) return fail("the authority", issuer.error());
  const auto signer = read_key(authority.key);
  if (!signer) return fail("the authority", signer.error());
  if (X509_check_private_key(issuer->get(), signer->get()) != 1) {
    ERR_clear_error();
    return fail(Code::kInvalid, "the authority's key doesn't belong to its certificate", Retry::never());
  }

  const Key key(EVP_EC_gen("P-256"));
  if (!key) return fail(Code::kInternal, "making a key: " + take_openssl_error());
  const WallTime end = std::min(now + validity, info->not_after);
  auto begun = begin(key.get(), seconds(now - kBackdated), seconds(end));
  if (!begun) return std::unexpected(begun.error());
  X509* certificate = begun->get();
  X509_NAME* name = X509_get_subject_name(certificate);
  for (const std::string& organization : leaf.organizations) {
    if (!add_to_name(name, "O", organization)) return bad_name(organization);
  }
  if (!add_to_name(name, "CN", leaf.common_name)) return bad_name(leaf.common_name);
  if (auto added = add_alternative_names(certificate, leaf); !added) return std::unexpected(added.error());
  const char* usage = leaf.server && leaf.client ? "serverAuth,clientAuth" : leaf.server ? "serverAuth" : "clientAuth";
  const bool extended =
      X509_set_issuer_name(certificate, X509_get_subject_name(issuer->get())) == 1 &&
      add_extension(certificate, issuer->get(), NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(certificate, issuer->get(), NID_key_usage, "critical,digitalSignature") &&
      ((!leaf.server && !leaf.client) || add_extension(certificate, issuer->get(), NID_ext_key_usage, usage)) &&
      add_extension(certificate, issuer->get(), NID_subject_key_identifier, "hash") &&
      add_extension(certificate, issuer->get(), NID_authority_key_identifier, "keyid:always");
  if (!extended) return fail(Code::kInternal, "extensions of a certificate: " + take_openssl_error());
  return sign(certificate, key.get(), signer->get());
}

}  // namespace penstock::pki
