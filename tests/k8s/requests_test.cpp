#include <penstock/k8s/requests.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::k8s;

namespace {

std::string content_type(const http::Request& request) {
  for (const auto& [name, value] : request.headers)
    if (name == "Content-Type") return value;
  return {};
}

}  // namespace

TEST_CASE("a list names its collection and asks for pages") {
  const auto all = list(kinds::kConfigMap, {});
  CHECK(all.method == "GET");
  CHECK(all.target == "/api/v1/configmaps?limit=500");
  ListParams params;
  params.ns = "shop";
  params.label_selector = "app=orders,tier!=x";
  params.field_selector = "metadata.name=a";
  params.continue_token = "a/b+c=";
  CHECK(list(kinds::kTopic, params).target ==
        "/apis/penstock.dev/v1alpha1/namespaces/shop/topics?labelSelector=app%3Dorders%2Ctier%21%3Dx"
        "&fieldSelector=metadata.name%3Da&limit=500&continue=a%2Fb%2Bc%3D");
}

TEST_CASE("what is not namespaced has no namespace in its path") {
  ListParams params;
  params.ns = "ignored";
  CHECK(list(kinds::kApiService, params).target == "/apis/apiregistration.k8s.io/v1/apiservices?limit=500");
  CHECK(get(kinds::kNamespace, {"", "shop"}).target == "/api/v1/namespaces/shop");
}

TEST_CASE("a watch always asks for bookmarks, and the server for its end") {
  WatchParams params;
  params.ns = "shop";
  params.resource_version = "42";
  params.timeout = 5min;
  CHECK(watch(kinds::kPod, params).target ==
        "/api/v1/namespaces/shop/pods?watch=true&allowWatchBookmarks=true&resourceVersion=42&timeoutSeconds=300");
}

TEST_CASE("a server-side apply is forced, strict, and carries the type and the uid of its object") {
  const Json object{{"metadata", {{"namespace", "shop"}, {"name", "a"}, {"uid", "u-1"}}}, {"data", {{"k", "v"}}}};
  const auto request = apply(kinds::kConfigMap, object, "penstock-topic");
  CHECK(request.method == "PATCH");
  CHECK(request.target ==
        "/api/v1/namespaces/shop/configmaps/a?fieldManager=penstock-topic&force=true&fieldValidation=Strict");
  CHECK(content_type(request) == "application/apply-patch+yaml");
  const Json body = Json::parse(request.body);
  CHECK(body["apiVersion"] == "v1");
  CHECK(body["kind"] == "ConfigMap");
  CHECK(body["metadata"]["uid"] == "u-1");
  CHECK(apply(kinds::kConfigMap, object, "m", true).target.ends_with("&dryRun=All"));
  CHECK(apply_status(kinds::kConfigMap, object, "m").target ==
        "/api/v1/namespaces/shop/configmaps/a/status?fieldManager=m&force=true&fieldValidation=Strict");
}

TEST_CASE("create, replace and patch say who they are and reject unknown fields") {
  const Json object{{"metadata", {{"namespace", "shop"}, {"name", "a"}}}};
  const auto made = create(kinds::kLease, object, "m");
  CHECK(made.method == "POST");
  CHECK(made.target == "/apis/coordination.k8s.io/v1/namespaces/shop/leases?fieldManager=m&fieldValidation=Strict");
  CHECK(content_type(made) == "application/json");
  const auto replaced = replace(kinds::kLease, object, "m");
  CHECK(replaced.method == "PUT");
  CHECK(replaced.target ==
        "/apis/coordination.k8s.io/v1/namespaces/shop/leases/a?fieldManager=m&fieldValidation=Strict");
  const auto patched = merge_patch(kinds::kLease, {"shop", "a"}, {{"spec", nullptr}}, "m");
  CHECK(patched.method == "PATCH");
  CHECK(content_type(patched) == "application/merge-patch+json");
  CHECK(patched.body == R"({"spec":null})");
}

TEST_CASE("a delete removes only the object with that uid, in the background") {
  const auto request = remove(kinds::kScaledObject, {"shop", "a"}, "u-1");
  CHECK(request.method == "DELETE");
  CHECK(request.target == "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects/a");
  const Json body = Json::parse(request.body);
  CHECK(body["preconditions"]["uid"] == "u-1");
  CHECK(body["propagationPolicy"] == "Background");
  CHECK(body["kind"] == "DeleteOptions");
}

TEST_CASE("replicas are read and written by the scale subresource") {
  CHECK(get_scale(kinds::kStatefulSet, {"shop", "a"}).target == "/apis/apps/v1/namespaces/shop/statefulsets/a/scale");
  const auto request = set_scale(kinds::kStatefulSet, {"shop", "a"}, 3, "m");
  CHECK(request.target == "/apis/apps/v1/namespaces/shop/statefulsets/a/scale?fieldManager=m");
  CHECK(request.body == R"({"spec":{"replicas":3}})");
  CHECK(content_type(request) == "application/merge-patch+json");
}

TEST_CASE("discovery finds a kind among its subresources") {
  CHECK(discover("v1").target == "/api/v1");
  CHECK(discover("apps/v1").target == "/apis/apps/v1");
  const Json answer = Json::parse(R"({"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
      {"name":"deployments/scale","kind":"Scale","namespaced":true},
      {"name":"deployments/status","kind":"Deployment","namespaced":true},
      {"name":"deployments","kind":"Deployment","namespaced":true}]})");
  const auto found = find_kind(answer, "apps/v1", "Deployment");
  REQUIRE(found);
  CHECK(*found == Resource{"apps", "v1", "deployments", "Deployment", true});
  CHECK(!find_kind(answer, "apps/v1", "Scale"));
  for (const auto* odd : {"null", "[]", "{}", R"({"resources":5})", R"({"resources":[5,{"kind":7,"name":8}]})"})
    CHECK_MESSAGE(!find_kind(Json::parse(odd), "apps/v1", "Deployment"), odd);
}

TEST_CASE("the key of anything that is no object is empty") {
  CHECK(key_of(Json::parse(R"({"metadata":{"namespace":"a","name":"b"}})")) == ObjectKey{"a", "b"});
  for (const auto* odd : {"null", "[]", "3", "{}", R"({"metadata":3})", R"({"metadata":{"name":3}})"})
    CHECK_MESSAGE(key_of(Json::parse(odd)) == ObjectKey{}, odd);
}
