#include <penstock/base/base64.hpp>
#include <penstock/operator/consumer_scaler/scaler_access.hpp>

#include <doctest/doctest.h>

namespace penstock::op::consumer_scaler {
namespace {

const ScalerService kService{"penstock", "penstock-scaler"};
const Json kRole = {{"metadata", {{"name", "penstock-operator"}, {"uid", "role-uid"}}}};
const std::string kOur = "penstock/penstock-scaler";

Facts facts_of(const Json& api_service) {
  Facts out;
  out.external_metrics = external_metrics(api_service, kOur);
  return out;
}

Json made() {
  const auto actions = plan_api_service(true, Json(), {}, kService, "CA", kRole);
  REQUIRE(actions.size() == 1);
  Json object = std::get<CreateObject>(actions[0]).object;
  object["metadata"]["uid"] = "uid-1";
  return object;
}

TEST_CASE("the first Native scaler brings the APIService, the last takes it away") {
  CHECK(plan_api_service(false, Json(), {}, kService, "CA", kRole).empty());
  const Json there = made();
  CHECK(there["spec"]["service"] == Json{{"name", "penstock-scaler"}, {"namespace", "penstock"}, {"port", 443}});
  CHECK(there["spec"]["caBundle"] == encode_base64("CA"));
  CHECK(there["metadata"]["ownerReferences"] ==
        Json::parse(R"([{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                         "name": "penstock-operator", "uid": "role-uid"}])"));
  const auto unowned = plan_api_service(true, Json(), {}, kService, "CA", Json());
  CHECK_FALSE(std::get<CreateObject>(unowned.at(0)).object["metadata"].contains("ownerReferences"));
  CHECK(plan_api_service(true, there, facts_of(there), kService, "CA", kRole).empty());
  const auto gone = plan_api_service(false, there, facts_of(there), kService, "CA", kRole);
  REQUIRE(gone.size() == 1);
  CHECK(std::get<DeleteObject>(gone[0]).uid == "uid-1");
}

TEST_CASE("somebody else's APIService is never touched") {
  Json keda = made();
  keda["spec"]["service"] = {{"namespace", "keda"}, {"name", "keda-metrics-apiserver"}};
  CHECK(plan_api_service(true, keda, facts_of(keda), kService, "CA", kRole).empty());
  CHECK(plan_api_service(false, keda, facts_of(keda), kService, "CA", kRole).empty());
}

TEST_CASE("a new authority reaches the APIService") {
  const Json there = made();
  const auto actions = plan_api_service(true, there, facts_of(there), kService, "CA2", kRole);
  REQUIRE(actions.size() == 1);
  CHECK(std::get<PatchObject>(actions[0]).merge_patch ==
        Json{{"metadata", {{"uid", "uid-1"}}}, {"spec", {{"caBundle", encode_base64("CA2")}}}});
}

const api::TlsSecret kCaller{"certificate", "key", "authorities"};

// As the server has what was made.
std::map<std::string, Json> there_after(const std::vector<Action>& actions) {
  std::map<std::string, Json> out;
  for (const Action& action : actions) {
    Json object = std::get<CreateObject>(action).object;
    const std::string name = object["metadata"]["name"];
    object["metadata"]["uid"] = "uid-" + name;
    out[name] = std::move(object);
  }
  return out;
}

TEST_CASE("a Secret for each certificate, the authority's first; only what changed is patched") {
  Certificates wanted{{"a", "ak", "aa"}, {"s", "sk", "aa"}, {"c", "ck", "aa"}};
  const auto actions = plan_certificates(wanted, {}, "penstock").value();
  REQUIRE(actions.size() == 3);
  CHECK(to_string(actions[0]) == "create Secret penstock/penstock-scaler-ca: there is no certificate");
  auto live = there_after(actions);
  CHECK(live.at("penstock-caller-tls")["data"] == api::print_tls_data(wanted.caller));
  CHECK(plan_certificates(wanted, live, "penstock")->empty());
  wanted.scaler.certificate = "s2";
  const auto patches = plan_certificates(wanted, live, "penstock").value();
  REQUIRE(patches.size() == 1);
  CHECK(std::get<PatchObject>(patches[0]).merge_patch ==
        Json{{"metadata", {{"uid", "uid-penstock-scaler-tls"}}}, {"data", {{"tls.crt", encode_base64("s2")}}}});
}

TEST_CASE("a Secret of one of these names that somebody else made is left alone, and named") {
  const Certificates wanted{{"a", "ak", "aa"}, {"s", "sk", "aa"}, {"c", "ck", "aa"}};
  auto live = there_after(plan_certificates(wanted, {}, "penstock").value());
  live.at("penstock-scaler-tls")["metadata"].erase("labels");
  const auto refused = plan_certificates(wanted, live, "penstock");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kConflict);
  CHECK(refused.error().what == "Secret penstock/penstock-scaler-tls exists and is not ours: delete or rename it");
}

TEST_CASE("KEDA gets a copy of the callers' certificate, and what points to it") {
  const auto actions = plan_keda(kCaller, Json(), Json(), "keda").value();
  REQUIRE(actions.size() == 2);
  CHECK(to_string(actions[0]) == "create Secret keda/penstock-caller-tls: KEDA shows it to penstock-scaler");
  const auto live = there_after(actions);
  const Json& secret = live.at("penstock-caller-tls");
  const Json& authentication = live.at("penstock");
  CHECK(authentication["spec"]["secretTargetRef"] ==
        Json::parse(R"([{"parameter": "caCert", "name": "penstock-caller-tls", "key": "ca.crt"},
                        {"parameter": "tlsClientCert", "name": "penstock-caller-tls", "key": "tls.crt"},
                        {"parameter": "tlsClientKey", "name": "penstock-caller-tls", "key": "tls.key"}])"));
  CHECK(plan_keda(kCaller, secret, authentication, "keda")->empty());
  const auto patches = plan_keda({"another", "key", "authorities"}, secret, authentication, "keda").value();
  REQUIRE(patches.size() == 1);
  CHECK(std::get<PatchObject>(patches[0]).merge_patch["data"] == Json{{"tls.crt", encode_base64("another")}});
}

TEST_CASE("what somebody else calls by these names is never touched") {
  const Json foreign = {{"metadata", {{"name", "penstock"}, {"uid", "u"}}}};
  CHECK(plan_keda(kCaller, foreign, Json(), "keda").error().what ==
        "Secret keda/penstock-caller-tls exists and is not ours: delete or rename it");
  CHECK(plan_keda(kCaller, Json(), foreign, "keda").error().what ==
        "ClusterTriggerAuthentication penstock exists and is not ours: delete or rename it");
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
