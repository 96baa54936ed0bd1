#include <penstock/base/base64.hpp>
#include <penstock/operator/consumer_scaler/metrics_api.hpp>
#include <penstock/pki/certificates.hpp>

#include <doctest/doctest.h>

namespace penstock::op::consumer_scaler {
namespace {

const WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
const MetricsService kService{"penstock", "penstock-scaler", 443};
const std::string kOur = "penstock/penstock-scaler";

Facts facts_of(const Json& api_service) {
  Facts out;
  out.external_metrics = external_metrics(api_service, kOur);
  return out;
}

Json made() {
  const auto actions = plan_api_service(true, Json(), {}, kService, "CA");
  REQUIRE(actions.size() == 1);
  Json object = std::get<CreateObject>(actions[0]).object;
  object["metadata"]["uid"] = "uid-1";
  return object;
}

TEST_CASE("the first Native scaler brings the APIService, the last takes it away") {
  CHECK(plan_api_service(false, Json(), {}, kService, "CA").empty());
  const Json there = made();
  CHECK(there["spec"]["service"] == Json{{"name", "penstock-scaler"}, {"namespace", "penstock"}, {"port", 443}});
  CHECK(there["spec"]["caBundle"] == encode_base64("CA"));
  CHECK(plan_api_service(true, there, facts_of(there), kService, "CA").empty());
  const auto gone = plan_api_service(false, there, facts_of(there), kService, "CA");
  REQUIRE(gone.size() == 1);
  CHECK(std::get<DeleteObject>(gone[0]).uid == "uid-1");
}

TEST_CASE("somebody else's APIService is never touched") {
  Json keda = made();
  keda["spec"]["service"] = {{"namespace", "keda"}, {"name", "keda-metrics-apiserver"}};
  CHECK(plan_api_service(true, keda, facts_of(keda), kService, "CA").empty());
  CHECK(plan_api_service(false, keda, facts_of(keda), kService, "CA").empty());
}

TEST_CASE("a new authority reaches the APIService") {
  const Json there = made();
  const auto actions = plan_api_service(true, there, facts_of(there), kService, "CA2");
  REQUIRE(actions.size() == 1);
  CHECK(std::get<PatchObject>(actions[0]).merge_patch ==
        Json{{"metadata", {{"uid", "uid-1"}}}, {"spec", {{"caBundle", encode_base64("CA2")}}}});
}

TEST_CASE("the certificate is for the service, is renewed in time, and the authority before it stays trusted") {
  CHECK(needs_certificate(std::nullopt, kService, kNow));
  const auto first = make_certificate(std::nullopt, kService, kNow);
  REQUIRE(first);
  const auto leaf = pki::inspect(first->certificate);
  REQUIRE(leaf);
  CHECK(std::ranges::find(leaf->dns_names, "penstock-scaler.penstock.svc") != leaf->dns_names.end());
  CHECK(!needs_certificate(*first, kService, kNow));
  CHECK(!needs_certificate(*first, kService, kNow + 330 * 24h));
  CHECK(needs_certificate(*first, kService, kNow + 336 * 24h));
  CHECK(needs_certificate(*first, {"elsewhere", "penstock-scaler", 443}, kNow));

  const auto second = make_certificate(*first, kService, kNow + 336 * 24h);
  REQUIRE(second);
  CHECK(second->authorities.ends_with(first->authorities));
  CHECK(second->authorities != first->authorities);
  const auto third = make_certificate(*second, kService, kNow + 700 * 24h);
  REQUIRE(third);
  CHECK(third->authorities.find(first->authorities) == std::string::npos);  // no longer: it has ended
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
