#include <penstock/pki/certificates.hpp>

#include <memory>
#include <set>

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

using namespace penstock;
using pki::CertificateAndKey;

namespace {

const WallTime kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} + 12h;

template <auto Free>
struct Freed {
  void operator()(auto* object) const { Free(object); }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

Certificate read(const std::string& pem) {
  const std::unique_ptr<BIO, Freed<BIO_free>> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Certificate(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
}

struct Question {
  int purpose = X509_PURPOSE_SSL_SERVER;
  WallTime at = kNow;
  std::string host{}, address{};
};

// What `openssl verify` says: "ok" or why not.
std::string verify(const std::string& authority, const std::string& leaf, const Question& question = {}) {
  const std::unique_ptr<X509_STORE, Freed<X509_STORE_free>> store(X509_STORE_new());
  const Certificate trusted = read(authority), checked = read(leaf);
  X509_STORE_add_cert(store.get(), trusted.get());
  const std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), checked.get(), nullptr);
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_time(param, std::chrono::system_clock::to_time_t(question.at));
  X509_VERIFY_PARAM_set_purpose(param, question.purpose);
  if (!question.host.empty()) X509_VERIFY_PARAM_set1_host(param, question.host.c_str(), question.host.size());
  if (!question.address.empty()) X509_VERIFY_PARAM_set1_ip_asc(param, question.address.c_str());
  if (X509_verify_cert(context.get()) == 1) return "ok";
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

CertificateAndKey authority() {
  return *pki::make_authority("penstock orders", kNow, 365 * 24h);
}

pki::LeafSpec server_leaf() {
  return {.common_name = "orders-0",
          .organizations = {"brokers"},
          .dns_names = {"orders-0.orders.default.svc", "*.orders.default.svc"},
          .ip_addresses = {"10.0.0.1", "fd00::1"},
          .server = true};
}

}  // namespace

TEST_CASE("a leaf verifies strictly against its authority, by each of its names") {
  const auto ca = authority();
  const auto leaf = pki::make_leaf(ca, server_leaf(), kNow, 24h);
  REQUIRE_MESSAGE(leaf, leaf.error().what);
  CHECK(verify(ca.certificate, leaf->certificate) == "ok");
  CHECK(verify(ca.certificate, leaf->certificate, {.host = "orders-0.orders.default.svc"}) == "ok");
  CHECK(verify(ca.certificate, leaf->certificate, {.host = "orders-7.orders.default.svc"}) == "ok");
  CHECK(verify(ca.certificate, leaf->certificate, {.address = "10.0.0.1"}) == "ok");
  CHECK(verify(ca.certificate, leaf->certificate, {.address = "fd00::1"}) == "ok");
  CHECK(verify(ca.certificate, leaf->certificate, {.host = "payments"}) == "hostname mismatch");
  CHECK(verify(ca.certificate, leaf->certificate, {.address = "10.0.0.2"}) == "IP address mismatch");
}

TEST_CASE("a leaf is refused by another authority of the same name") {
  const auto leaf = *pki::make_leaf(authority(), server_leaf(), kNow, 24h);
  CHECK(verify(authority().certificate, leaf.certificate) != "ok");
}

TEST_CASE("a leaf serves only what it was made for") {
  const auto ca = authority();
  const Question as_client{.purpose = X509_PURPOSE_SSL_CLIENT};
  const auto server = *pki::make_leaf(ca, {.common_name = "s", .server = true}, kNow, 24h);
  const auto client = *pki::make_leaf(ca, {.common_name = "c", .client = true}, kNow, 24h);
  const auto both = *pki::make_leaf(ca, {.common_name = "b", .server = true, .client = true}, kNow, 24h);
  CHECK(verify(ca.certificate, server.certificate) == "ok");
  CHECK(verify(ca.certificate, server.certificate, as_client) != "ok");
  CHECK(verify(ca.certificate, client.certificate) != "ok");
  CHECK(verify(ca.certificate, client.certificate, as_client) == "ok");
  CHECK(verify(ca.certificate, both.certificate) == "ok");
  CHECK(verify(ca.certificate, both.certificate, as_client) == "ok");
}

TEST_CASE("a leaf holds from a little before now until its validity or its authority ends") {
  const auto ca = authority();
  const auto leaf = *pki::make_leaf(ca, server_leaf(), kNow, 24h);
  CHECK(verify(ca.certificate, leaf.certificate, {.at = kNow - 4min}) == "ok");
  CHECK(verify(ca.certificate, leaf.certificate, {.at = kNow - 6min}) == "certificate is not yet valid");
  CHECK(verify(ca.certificate, leaf.certificate, {.at = kNow + 24h - 1min}) == "ok");
  CHECK(verify(ca.certificate, leaf.certificate, {.at = kNow + 24h + 1min}) == "certificate has expired");
  const auto longer = *pki::make_leaf(ca, server_leaf(), kNow, 2 * 365 * 24h);
  CHECK(pki::inspect(longer.certificate)->not_after == pki::inspect(ca.certificate)->not_after);
}

TEST_CASE("an authority signs leaves, never another authority") {
  const auto ca = authority();
  const auto leaf = *pki::make_leaf(ca, server_leaf(), kNow, 24h);
  CHECK(pki::inspect(ca.certificate)->authority);
  CHECK(!pki::inspect(leaf.certificate)->authority);
  CHECK(pki::make_leaf(leaf, server_leaf(), kNow, 24h).error().code == Code::kInvalid);
  CHECK(X509_get_pathlen(read(ca.certificate).get()) == 0);
}

TEST_CASE("a certificate tells what it was made with") {
  const auto leaf = *pki::make_leaf(authority(), server_leaf(), kNow, 24h);
  const auto info = pki::inspect(leaf.certificate);
  REQUIRE_MESSAGE(info, info.error().what);
  CHECK(info->common_name == "orders-0");
  CHECK(info->not_before == kNow - 5min);
  CHECK(info->not_after == kNow + 24h);
  CHECK(info->dns_names == std::vector<std::string>{"orders-0.orders.default.svc", "*.orders.default.svc"});
  CHECK(info->ip_addresses == std::vector<std::string>{"10.0.0.1", "fd00::1"});
  CHECK(info->serial.size() == 32);
}

TEST_CASE("no two certificates share a serial number") {
  const auto ca = authority();
  std::set<std::string> serials;
  for (int i = 0; i < 50; ++i)
    serials.insert(pki::inspect(pki::make_leaf(ca, server_leaf(), kNow, 1h)->certificate)->serial);
  CHECK(serials.size() == 50);
}

TEST_CASE("a certificate is renewed in time, and what is no certificate at once") {
  const auto leaf = *pki::make_leaf(authority(), server_leaf(), kNow, 24h);
  CHECK(!pki::needs_renewal(leaf.certificate, kNow, 8h));
  CHECK(!pki::needs_renewal(leaf.certificate, kNow + 16h - 1s, 8h));
  CHECK(pki::needs_renewal(leaf.certificate, kNow + 16h, 8h));
  CHECK(pki::needs_renewal("", kNow, 8h));
  CHECK(pki::needs_renewal("nonsense", kNow, 8h));
}

TEST_CASE("unusable input is invalid and leaves no error behind in OpenSSL") {
  const auto ca = authority();
  const auto code = [&](const CertificateAndKey& by, const pki::LeafSpec& spec) {
    return pki::make_leaf(by, spec, kNow, 1h).error().code;
  };
  CHECK(code(ca, {.common_name = std::string(65, 'x')}) == Code::kInvalid);
  CHECK(code(ca, {.common_name = "x", .ip_addresses = {"10.0.0"}}) == Code::kInvalid);
  CHECK(code({}, {.common_name = "x"}) == Code::kInvalid);
  CHECK(code({ca.certificate, "nonsense"}, {.common_name = "x"}) == Code::kInvalid);
  CHECK(code({ca.certificate, authority().key}, {.common_name = "x"}) == Code::kInvalid);
  CHECK(pki::inspect("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").error().code == Code::kInvalid);
  CHECK(ERR_peek_error() == 0);
}
