#include <penstock/k8s/client.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>

namespace penstock::k8s {

namespace {

// What a Status object says; empty for anything else, such as a proxy's page.
struct Status {
  std::string message, reason;
  std::optional<Duration> retry_after;
  bool other_uid = false;  // it refused because the object is not the one we mean
};

bool about_uid(const Json& details) {
  const auto causes = details.find("causes");
  if (causes == details.end() || !causes->is_array()) return false;
  return std::any_of(causes->begin(), causes->end(), [](const Json& cause) {
    return cause.is_object() && cause.value("field", Json{}) == "metadata.uid";
  });
}

Status read_status(const http::Response& response) {
  Status out;
  const Json body = Json::parse(response.body, nullptr, false);
  if (body.is_object() && body.value("kind", Json{}) == "Status") {
    if (const Json message = body.value("message", Json{}); message.is_string()) out.message = message;
    if (const Json reason = body.value("reason", Json{}); reason.is_string()) out.reason = reason;
    if (const auto details = body.find("details"); details != body.end() && details->is_object()) {
      if (const Json seconds = details->value("retryAfterSeconds", Json{}); seconds.is_number_unsigned())
        out.retry_after = std::chrono::seconds(std::min<std::uint64_t>(seconds.get<std::uint64_t>(), 3600));
      out.other_uid = about_uid(*details);
    }
  }
  const std::string_view header = response.header("retry-after");
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (error == std::errc{} && end == header.data() + header.size())
    out.retry_after = std::chrono::seconds(std::min(seconds, 3600U));
  return out;
}

Code code_of(int http_status, const Status& status) {
  // An apply with the uid of an object that was replaced meanwhile comes back as 422, "metadata.uid is immutable",
  // while a delete, or an apply to an object that is gone, comes back as 409 (Kubernetes 1.36).
  if (http_status == 422 && status.other_uid) return Code::kConflict;
  // An apply with a field that the schema lacks comes back as 500 (Kubernetes 1.36).
  if (http_status == 500 && status.message.starts_with("failed to create typed patch object")) return Code::kInvalid;
  switch (http_status) {
    case 400:
    case 413:
    case 422:
      return Code::kInvalid;
    case 401:
      return Code::kUnauthorized;
    case 403:
      return Code::kForbidden;
    case 404:
      return Code::kNotFound;
    case 405:
    case 406:
    case 415:
      return Code::kUnsupported;
    case 409:
      return status.reason == "AlreadyExists" ? Code::kAlreadyExists : Code::kConflict;
    case 410:
      return Code::kGone;
    case 429:
      return Code::kThrottled;
    case 504:
      return Code::kTimeout;
    default:
      return http_status >= 500 ? Code::kUnavailable : Code::kInternal;
  }
}

// Short enough for a condition, as some refusals repeat the whole object; and valid UTF-8, whatever a proxy sent.
std::string presentable(std::string text) {
  constexpr std::size_t kEnough = 500;
  const bool cut = text.size() > kEnough;
  text.resize(std::min(text.size(), kEnough));
  const std::string valid = Json(std::move(text)).dump(-1, ' ', false, Json::error_handler_t::ignore);
  return Json::parse(valid).get<std::string>() + (cut ? " …" : "");
}

std::string path_of(const http::Request& request) {
  return request.method + " " + request.target.substr(0, request.target.find('?'));
}

}  // namespace

Error error_of(const http::Request& request, const http::Response& response) {
  const Status status = read_status(response);
  std::string words = status.message;
  if (words.empty()) {
    words = "HTTP " + std::to_string(response.status);
    if (!response.body.empty()) words += ": " + response.body;
  }
  const Code code = code_of(response.status, status);
  Retry retry = Retry::later();
  if (code == Code::kInvalid || code == Code::kUnsupported) retry = Retry::never();
  if (status.retry_after && (code == Code::kThrottled || response.status >= 500))
    retry = Retry::after(*status.retry_after);
  return {code, path_of(request) + ": " + presentable(std::move(words)), retry};
}

struct Client::Discovered {
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, Resource> resources;
};

Client::Client(std::shared_ptr<http::Transport> transport, Duration timeout)
    : transport_(std::move(transport)), timeout_(timeout), discovered_(std::make_shared<Discovered>()) {}

Client Client::with_timeout(Duration timeout) const {
  Client copy = *this;
  copy.timeout_ = timeout;
  return copy;
}

Result<Json> Client::call(const http::Request& request, std::stop_token stop) const {
  const auto response = transport_->send(request, timeout_, std::move(stop));
  if (!response) return fail(path_of(request), response.error());
  if (!response->ok()) return std::unexpected(error_of(request, *response));
  if (response->body.empty()) return Json{};
  Json body = Json::parse(response->body, nullptr, false);
  if (body.is_discarded()) return fail(Code::kUnavailable, path_of(request) + ": the answer is not JSON");
  return body;
}

Result<std::optional<Json>> Client::find(const Resource& resource, const ObjectKey& key, std::stop_token stop) const {
  auto answer = call(get(resource, key), std::move(stop));
  if (answer) return std::move(*answer);
  if (answer.error().code == Code::kNotFound) return std::nullopt;
  return std::unexpected(answer.error());
}

Result<Resource> Client::resolve(const std::string& api_version, const std::string& kind, std::stop_token stop) const {
  {
    std::lock_guard lock(discovered_->mutex);
    const auto found = discovered_->resources.find({api_version, kind});
    if (found != discovered_->resources.end()) return found->second;
  }
  const auto answer = call(discover(api_version), std::move(stop));
  if (!answer) {
    if (answer.error().code == Code::kNotFound)
      return fail(Code::kNotFound, "the API server has no " + api_version + ", which " + kind + " should be in");
    return std::unexpected(answer.error());
  }
  const auto found = find_kind(*answer, api_version, kind);
  if (!found) return fail(Code::kNotFound, "the API server has no kind " + kind + " in " + api_version);
  std::lock_guard lock(discovered_->mutex);
  discovered_->resources.emplace(std::pair{api_version, kind}, *found);
  return *found;
}

}  // namespace penstock::k8s
