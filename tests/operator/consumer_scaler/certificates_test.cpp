#include <penstock/operator/consumer_scaler/certificates.hpp>
#include <penstock/pki/certificates.hpp>

#include <doctest/doctest.h>

namespace penstock::op::consumer_scaler {
namespace {

const WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
const std::vector<std::string> kNames{"penstock-scaler", "penstock-scaler.penstock.svc", "10.0.0.7"};

Certificates first() {
  return renewed({}, kNames, kNow).value();
}

bool same_leaf(const api::TlsSecret& a, const api::TlsSecret& b) {
  return a.certificate == b.certificate && a.key == b.key;
}

TEST_CASE("where there is nothing, an authority signs a server for all names and a client") {
  const Certificates made = first();
  CHECK(pki::inspect(made.authority.certificate)->authority);
  const auto scaler = pki::inspect(made.scaler.certificate).value();
  CHECK(scaler.dns_names == std::vector<std::string>{"penstock-scaler", "penstock-scaler.penstock.svc"});
  CHECK(scaler.ip_addresses == std::vector<std::string>{"10.0.0.7"});
  CHECK(scaler.not_after == kNow + kLeafValidity.lasts);
  CHECK(pki::inspect(made.caller.certificate)->not_after == kNow + kAuthorityValidity.lasts);
  for (const auto* held : {&made.authority, &made.scaler, &made.caller})
    CHECK(held->authorities == made.authority.certificate);
}

TEST_CASE("what is good stays, what is soon over is made anew by the same authority") {
  const Certificates made = first();
  const Certificates later = renewed(made, kNames, kNow + 334 * 24h).value();
  CHECK(later.authority == made.authority);
  CHECK(later.scaler == made.scaler);
  CHECK(later.caller == made.caller);
  const Certificates after = renewed(made, kNames, kNow + 336 * 24h).value();
  CHECK(after.authority == made.authority);
  CHECK_FALSE(same_leaf(after.scaler, made.scaler));
  CHECK(after.scaler.authorities == made.scaler.authorities);
  CHECK(after.caller == made.caller);
}

TEST_CASE("another name, a lost key or a broken text bring a new certificate") {
  const Certificates made = first();
  CHECK_FALSE(same_leaf(renewed(made, {"penstock-scaler", "10.0.0.8"}, kNow)->scaler, made.scaler));
  CHECK(same_leaf(renewed(made, {"penstock-scaler"}, kNow)->scaler, made.scaler));
  Certificates broken = made;
  broken.caller.key.clear();
  broken.scaler.certificate = "not PEM";
  const Certificates mended = renewed(broken, kNames, kNow).value();
  CHECK_FALSE(same_leaf(mended.caller, made.caller));
  CHECK_FALSE(same_leaf(mended.scaler, made.scaler));
  CHECK(mended.authority == made.authority);
}

TEST_CASE("a new authority is trusted beside the old one, whose certificates stay until their own end") {
  const Certificates made = first();
  const auto expect_both = [&](const Certificates& now) {
    CHECK(now.authority.certificate != made.authority.certificate);
    for (const auto* held : {&now.authority, &now.scaler, &now.caller})
      CHECK(held->authorities == now.authority.certificate + made.authority.certificate);
  };
  Certificates lost = made;
  lost.authority = {};
  const Certificates found = renewed(lost, kNames, kNow).value();
  expect_both(found);
  CHECK(same_leaf(found.scaler, made.scaler));
  CHECK(same_leaf(found.caller, made.caller));

  const Certificates old =
      renewed(made, kNames, kNow + kAuthorityValidity.lasts - kAuthorityValidity.renew_before).value();
  expect_both(old);
  CHECK(same_leaf(old.caller, made.caller));
  const Certificates end = renewed(old, kNames, kNow + kAuthorityValidity.lasts - kLeafValidity.renew_before).value();
  CHECK(end.authority == old.authority);
  CHECK_FALSE(same_leaf(end.caller, made.caller));
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
