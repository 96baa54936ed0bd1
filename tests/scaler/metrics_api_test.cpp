#include "scaler/fakes.hpp"

#include <penstock/scaler/metrics_api.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaler;
using scaler::testing::Stage;

namespace {

Json config_map() {
  return {{"data",
           {{"requestheader-client-ca-file", "PEM"},
            {"requestheader-allowed-names", R"(["front-proxy-client"])"},
            {"requestheader-username-headers", R"(["X-Remote-User"])"},
            {"requestheader-group-headers", R"(["X-Remote-Group"])"}}}};
}

http::ServerRequest get(const std::string& target) {
  return {"GET",
          target,
          {{"x-remote-user", "hpa"}, {"x-remote-group", "a"}, {"x-remote-group", "b"}},
          "",
          {true, "front-proxy-client"}};
}

const std::string kBase = "/apis/external.metrics.k8s.io/v1beta1";
std::string metric_path(const std::string& selector, const std::string& metric = "penstock-lag") {
  return kBase + "/namespaces/shop/" + metric + "?labelSelector=" + http::percent_encode(selector);
}
const std::string kSelector = "penstock.dev/scaler=orders,penstock.dev/target=1000";

struct Api : Stage {
  std::shared_ptr<const FrontProxy> proxy = std::make_shared<const FrontProxy>(*parse_front_proxy(config_map()));
  Result<bool> allowed = true;
  std::vector<Access> asked;
  MetricsApi api{answers, [this] { return proxy; },
                 [this](const Access& access) {
                   asked.push_back(access);
                   return allowed;
                 },
                 clock};

  std::pair<int, Json> call(const http::ServerRequest& request) {
    const auto response = api.handle(request);
    return {response.status, Json::parse(response.body, nullptr, false)};
  }
};

// Answers SubjectAccessReviews.
class FakeApiServer final : public http::Transport {
 public:
  Result<http::Response> send(const http::Request& request, Duration, std::stop_token) override {
    requests.push_back(request);
    if (down) return fail(Code::kUnavailable, "connection refused");
    const Json body{{"kind", "SubjectAccessReview"}, {"status", {{"allowed", allow}}}};
    return http::Response{201, {}, body.dump()};
  }
  Result<http::Response> stream(const http::Request&, const http::ChunkSink&, Duration, std::stop_token) override {
    return fail(Code::kUnsupported, "no streams here");
  }
  std::vector<http::Request> requests;
  bool allow = true, down = false;
};

}  // namespace

TEST_CASE("the metric is one item, for the target that the selector names") {
  Api api;
  api.add("orders");
  api.decide("orders", 1000);
  auto [status, body] = api.call(get(metric_path(kSelector)));
  CHECK(status == 200);
  CHECK(body["kind"] == "ExternalMetricValueList");
  CHECK(body["apiVersion"] == "external.metrics.k8s.io/v1beta1");
  REQUIRE(body["items"].size() == 1);
  CHECK(body["items"][0]["metricName"] == "penstock-lag");
  CHECK(body["items"][0]["value"] == "4000");
  CHECK(body["items"][0]["metricLabels"]["penstock.dev/scaler"] == "orders");
  CHECK(parse_time(body["items"][0]["timestamp"].get<std::string>()));
  CHECK(
      api.call(get(metric_path("penstock.dev/target=3, penstock.dev/scaler == orders"))).second["items"][0]["value"] ==
      "12");
  REQUIRE(api.asked.size() == 2);
  CHECK(api.asked[0] == Access{{"hpa", {"a", "b"}}, "list", "shop", "penstock-lag"});
}

TEST_CASE("an unknown is an error in words, never a value") {
  Api api;
  CHECK(api.call(get(metric_path(kSelector))).first == 404);
  api.add("orders");
  CHECK(api.call(get(metric_path(kSelector))).first == 503);
  api.decide("orders", std::nullopt);
  const auto [status, body] = api.call(get(metric_path(kSelector)));
  CHECK(status == 503);
  CHECK(body["kind"] == "Status");
  CHECK(body["message"].get<std::string>().find("no broker answers") != std::string::npos);
  CHECK_FALSE(body.contains("items"));
}

TEST_CASE("only the front proxy may say who the user is") {
  Api api;
  auto request = get(kBase);
  CHECK(api.call(request).first == 200);
  request.peer.certificate_verified = false;
  CHECK(api.call(request).first == 401);
  request.peer = {true, "somebody"};
  CHECK(api.call(request).first == 401);
  request = get(kBase);
  request.headers.clear();
  CHECK(api.call(request).first == 401);
  api.proxy = nullptr;
  CHECK(api.call(get(kBase)).first == 503);
  CHECK(api.api.handle({"GET", "/healthz"}).status == 200);
}

TEST_CASE("who may not list the metric in the namespace is refused, and an unknown right is no right") {
  Api api;
  api.add("orders");
  api.decide("orders", 1000);
  api.allowed = false;
  CHECK(api.call(get(metric_path(kSelector))).first == 403);
  api.allowed = std::unexpected(Error{Code::kUnavailable, "the API server is away", Retry::later()});
  CHECK(api.call(get(metric_path(kSelector))).first == 503);
}

TEST_CASE("discovery names the one metric, and its group and version") {
  Api api;
  auto [status, body] = api.call(get(kBase + "/"));
  CHECK(status == 200);
  CHECK(body["kind"] == "APIResourceList");
  CHECK(body["groupVersion"] == "external.metrics.k8s.io/v1beta1");
  CHECK(body["resources"][0]["name"] == "penstock-lag");
  std::tie(status, body) = api.call(get("/apis/external.metrics.k8s.io"));
  CHECK(body["kind"] == "APIGroup");
  CHECK(body["preferredVersion"]["version"] == "v1beta1");
}

TEST_CASE("hostile and mistaken requests are refused in words") {
  Api api;
  api.add("orders");
  api.decide("orders", 1000);
  for (const auto* selector :
       {"", "a", "penstock.dev/scaler=orders", "penstock.dev/target=1000",
        "penstock.dev/scaler=orders,penstock.dev/target=0", "penstock.dev/scaler=orders,penstock.dev/target=x",
        "penstock.dev/scaler=orders,penstock.dev/target=1000,more=1",
        "penstock.dev/scaler!=orders,penstock.dev/target=1000", "penstock.dev/scaler=,penstock.dev/target=1000",
        "penstock.dev/scaler=orders,penstock.dev/scaler=other"})
    CHECK_MESSAGE(api.call(get(metric_path(selector))).first == 400, selector);
  CHECK(api.call(get(kBase + "/namespaces/shop/penstock-lag?labelSelector=%")).first == 400);
  CHECK(api.call(get(kBase + "/namespaces/shop/penstock-lag")).first == 400);
  CHECK(api.call(get(metric_path(kSelector, "cpu"))).first == 404);
  const std::vector<std::string> nowhere{"",
                                         "/",
                                         "/apis",
                                         "/apis/other",
                                         kBase + "x",
                                         kBase + "/namespaces/shop",
                                         kBase + "/namespaces//penstock-lag",
                                         kBase + "/namespaces/shop/penstock-lag/x"};
  for (const std::string& path : nowhere) CHECK_MESSAGE(api.call(get(path)).first == 404, path);
  auto post = get(kBase);
  post.method = "POST";
  CHECK(api.call(post).first == 405);
}

TEST_CASE("a right that was asked for is remembered for five minutes, a refusal for thirty seconds") {
  ManualClock clock;
  const auto server = std::make_shared<FakeApiServer>();
  ReviewingAuthorizer authorizer(k8s::Client(server), clock);
  const Access access{{"hpa", {"a"}}, "list", "shop", "penstock-lag"};
  CHECK(authorizer(access) == true);
  REQUIRE(server->requests.size() == 1);
  const Json review = Json::parse(server->requests[0].body);
  CHECK(review["spec"]["user"] == "hpa");
  CHECK(review["spec"]["groups"] == Json{"a"});
  CHECK(review["spec"]["resourceAttributes"]["group"] == "external.metrics.k8s.io");
  CHECK(review["spec"]["resourceAttributes"]["verb"] == "list");
  CHECK(review["spec"]["resourceAttributes"]["namespace"] == "shop");
  clock.advance(4min);
  CHECK(authorizer(access) == true);
  CHECK(server->requests.size() == 1);
  server->allow = false;
  clock.advance(1min);
  CHECK(authorizer(access) == false);
  clock.advance(29s);
  CHECK(authorizer(access) == false);
  CHECK(server->requests.size() == 2);
  server->down = true;
  clock.advance(1s);
  CHECK_FALSE(authorizer(access));  // not known, and not remembered
  server->down = false;
  server->allow = true;
  CHECK(authorizer(access) == true);
}

TEST_CASE("a front proxy that is not set up or badly written is refused, and missing headers have their usual names") {
  CHECK_FALSE(parse_front_proxy(Json::object()));
  for (const auto& [key, bad] : std::map<std::string, Json>{{"requestheader-client-ca-file", ""},
                                                            {"requestheader-allowed-names", "x"},
                                                            {"requestheader-username-headers", "[1]"},
                                                            {"requestheader-group-headers", 7}}) {
    Json map = config_map();
    map["data"][key] = bad;
    CHECK_MESSAGE(!parse_front_proxy(map), key);
  }
  const auto proxy = parse_front_proxy({{"data", {{"requestheader-client-ca-file", "PEM"}}}});
  REQUIRE(proxy);
  CHECK(proxy->user_headers == std::vector<std::string>{"x-remote-user"});
  CHECK(proxy->group_headers == std::vector<std::string>{"x-remote-group"});
}

TEST_CASE("a quantity is whole where it can be, else rounded up to thousandths") {
  CHECK(print_quantity(0) == "0");
  CHECK(print_quantity(12'345) == "12345");
  CHECK(print_quantity(1.5) == "1500m");
  CHECK(print_quantity(333.33333) == "333334m");
  CHECK(print_quantity(-1) == "0");
}
