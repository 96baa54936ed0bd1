#include "k8s/scripted_transport.hpp"

#include <penstock/k8s/client.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::k8s;
using test::ScriptedTransport;

namespace {

Error error_for(int status, const std::string& body, http::Headers headers = {}) {
  return error_of({"GET", "/api/v1/pods?limit=1", {}, {}}, {status, std::move(headers), body});
}

std::string status_object(const std::string& reason, const std::string& message, const std::string& more = {}) {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":")" + reason + R"(","message":")" + message +
         "\"" + more + "}";
}

}  // namespace

TEST_CASE("an error says what was asked for and what the server said") {
  const Error error = error_for(403, status_object("Forbidden", "pods is forbidden"));
  CHECK(error.code == Code::kForbidden);
  CHECK(error.what == "GET /api/v1/pods: pods is forbidden");
  CHECK(error_for(502, "<html>").what == "GET /api/v1/pods: HTTP 502: <html>");
  // Short, and fit for a condition: some refusals repeat the whole object, some proxies send anything.
  const Error endless = error_for(422, status_object("Invalid", "ä" + std::string(5000, 'x')));
  CHECK(endless.what.size() < 550);
  CHECK(endless.what.ends_with("x …"));
  for (const std::string body : {"\xff\xfe page", "\xc3"})
    CHECK(Json(error_for(502, body).what).dump().find("HTTP 502") != std::string::npos);
}

TEST_CASE("each status has its code and says whether to try again") {
  struct Row {
    int status;
    const char* reason;
    Code code;
    Retry::When retry;
  };
  for (const Row& row :
       {Row{400, "BadRequest", Code::kInvalid, Retry::When::kNever},
        Row{422, "Invalid", Code::kInvalid, Retry::When::kNever},
        Row{401, "Unauthorized", Code::kUnauthorized, Retry::When::kLater},
        Row{404, "NotFound", Code::kNotFound, Retry::When::kLater},
        Row{405, "MethodNotAllowed", Code::kUnsupported, Retry::When::kNever},
        Row{415, "UnsupportedMediaType", Code::kUnsupported, Retry::When::kNever},
        Row{409, "AlreadyExists", Code::kAlreadyExists, Retry::When::kLater},
        Row{409, "Conflict", Code::kConflict, Retry::When::kLater},
        Row{410, "Expired", Code::kGone, Retry::When::kLater},
        Row{429, "TooManyRequests", Code::kThrottled, Retry::When::kLater},
        Row{500, "InternalError", Code::kUnavailable, Retry::When::kLater},
        Row{503, "ServiceUnavailable", Code::kUnavailable, Retry::When::kLater},
        Row{504, "Timeout", Code::kTimeout, Retry::When::kLater}, Row{302, "", Code::kInternal, Retry::When::kLater}}) {
    const Error error = error_for(row.status, status_object(row.reason, "why"));
    CHECK_MESSAGE(error.code == row.code, row.status, " ", row.reason);
    CHECK_MESSAGE(error.retry.when == row.retry, row.status, " ", row.reason);
  }
}

TEST_CASE("another uid is a conflict and an unknown field invalid, by whatever status the server says so") {
  const auto uid = error_for(
      422, status_object("Invalid", "field is immutable", R"(,"details":{"causes":[{"field":"metadata.uid"}]})"));
  CHECK(uid.code == Code::kConflict);
  CHECK(uid.retry == Retry::later());
  CHECK(error_for(422, status_object("Invalid", "no", R"(,"details":{"causes":[5,{"field":"spec.x"}]})")).code ==
        Code::kInvalid);
  const auto field = error_for(500, status_object("", "failed to create typed patch object (a; b): .x: not declared"));
  CHECK(field.code == Code::kInvalid);
  CHECK(field.retry == Retry::never());
}

TEST_CASE("the server's own pause is kept, from the header or from the Status") {
  CHECK(error_for(429, "", {{"retry-after", "7"}}).retry == Retry::after(7s));
  CHECK(error_for(503, "", {{"retry-after", "1"}}).retry == Retry::after(1s));
  CHECK(error_for(500, status_object("ServerTimeout", "m", R"(,"details":{"retryAfterSeconds":2})")).retry ==
        Retry::after(2s));
  CHECK(error_for(429, "", {{"retry-after", "99999999"}}).retry == Retry::after(1h));
  CHECK(error_for(429, "", {{"retry-after", "Fri, 01 Jan"}}).retry == Retry::later());
  CHECK(error_for(404, "", {{"retry-after", "7"}}).retry == Retry::later());
}

TEST_CASE("a Status of odd types is still an error, not a crash") {
  for (const auto* body : {R"({"kind":"Status","message":5,"reason":[],"details":3})", "[]", "null", "{",
                           R"({"kind":7})", R"({"kind":"Status","details":{"retryAfterSeconds":-1}})"})
    CHECK_MESSAGE(error_for(500, body).code == Code::kUnavailable, body);
}

TEST_CASE("a call gives the JSON, nothing for an empty body, and an error for what is no JSON") {
  const auto transport = std::make_shared<ScriptedTransport>();
  const Client client(transport);
  transport->then(ScriptedTransport::page(R"({"a":1})"));
  transport->then(ScriptedTransport::page(""));
  transport->then(ScriptedTransport::page("<html>"));
  transport->then(ScriptedTransport::error(Code::kTimeout));
  const http::Request request{"GET", "/x", {}, {}};
  CHECK(client.call(request).value() == Json{{"a", 1}});
  CHECK(client.call(request).value().is_null());
  CHECK(client.call(request).error().code == Code::kUnavailable);
  const auto late = client.call(request);
  CHECK(late.error().code == Code::kTimeout);
  CHECK(late.error().what == "GET /x: scripted");
}

TEST_CASE("what is not there is an answer of find, what is forbidden is not") {
  const auto transport = std::make_shared<ScriptedTransport>();
  const Client client(transport);
  transport->then(ScriptedTransport::page(R"({"metadata":{"name":"a"}})"));
  transport->then(ScriptedTransport::page(status_object("NotFound", "no"), 404));
  transport->then(ScriptedTransport::page(status_object("Forbidden", "no"), 403));
  CHECK(client.find(kinds::kPod, {"n", "a"}).value().has_value());
  CHECK(!client.find(kinds::kPod, {"n", "a"}).value().has_value());
  CHECK(client.find(kinds::kPod, {"n", "a"}).error().code == Code::kForbidden);
}

TEST_CASE("a kind is discovered once, and a missing one is asked for again") {
  const auto transport = std::make_shared<ScriptedTransport>();
  const Client client(transport);
  transport->then(ScriptedTransport::page("404 page not found", 404));
  const auto missing = client.resolve("apps/v1", "Deployment");
  CHECK(missing.error().code == Code::kNotFound);
  CHECK(missing.error().what.find("apps/v1") != std::string::npos);
  transport->then(ScriptedTransport::page(R"({"resources":[]})"));
  CHECK(client.resolve("apps/v1", "Deployment").error().code == Code::kNotFound);
  transport->then(
      ScriptedTransport::page(R"({"resources":[{"name":"deployments","kind":"Deployment","namespaced":true}]})"));
  for (int i = 0; i < 3; ++i) CHECK(client.resolve("apps/v1", "Deployment").value().plural == "deployments");
  const Client copy = client.with_timeout(1s);
  CHECK(copy.resolve("apps/v1", "Deployment").value().namespaced);
  CHECK(transport->requests().size() == 3);
}
