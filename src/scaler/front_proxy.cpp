#include <penstock/scaler/metrics_api.hpp>

#include <algorithm>
#include <cctype>

namespace penstock::scaler {
namespace {

// As kube-apiserver's own webhook authorizer: a refusal is looked up again soon, so that a new RoleBinding works.
constexpr Duration kAllowedFor = 5min, kRefusedFor = 30s;
// Callers are a handful of controllers; more than this many answers is somebody trying names.
constexpr std::size_t kMaxAnswers = 4096;

Result<std::vector<std::string>> list_in(const Json& data, const std::string& key, bool lower_case) {
  std::vector<std::string> list;
  const auto found = data.find(key);
  if (found == data.end()) return list;
  const Json json = found->is_string() ? Json::parse(found->get_ref<const std::string&>(), nullptr, false) : Json();
  if (!json.is_array()) return fail(Code::kInvalid, "extension-apiserver-authentication: `" + key + "` must be a list");
  for (const Json& item : json) {
    if (!item.is_string())
      return fail(Code::kInvalid, "extension-apiserver-authentication: `" + key + "` must hold strings");
    std::string text = item;
    if (lower_case)
      std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    list.push_back(std::move(text));
  }
  return list;
}

std::vector<std::string> values_of(const http::ServerRequest& request, const std::vector<std::string>& names) {
  std::vector<std::string> values;
  for (const std::string& wanted : names)
    for (const auto& [name, value] : request.headers)
      if (name == wanted && !value.empty()) values.push_back(value);
  return values;
}

Json review_of(const Access& access) {
  return {{"apiVersion", "authorization.k8s.io/v1"},
          {"kind", "SubjectAccessReview"},
          {"spec",
           {{"user", access.user.name},
            {"groups", access.user.groups},
            {"resourceAttributes",
             {{"group", "external.metrics.k8s.io"},
              {"version", "v1beta1"},
              {"resource", access.metric},
              {"namespace", access.ns},
              {"verb", access.verb}}}}}};
}

}  // namespace

Result<FrontProxy> parse_front_proxy(const Json& config_map) {
  const auto data = config_map.find("data");
  if (data == config_map.end() || !data->is_object())
    return fail(Code::kInvalid, "extension-apiserver-authentication has no data");
  FrontProxy proxy;
  const auto authorities = data->find("requestheader-client-ca-file");
  if (authorities == data->end() || !authorities->is_string() || authorities->get_ref<const std::string&>().empty())
    return fail(
        Code::kInvalid,
        "extension-apiserver-authentication has no `requestheader-client-ca-file`: the API server's aggregation "
        "layer is off");
  proxy.client_authorities = *authorities;
  struct {
    const char* key;
    bool lower_case;
    std::vector<std::string>& to;
  } const lists[] = {{"requestheader-allowed-names", false, proxy.allowed_names},
                     {"requestheader-username-headers", true, proxy.user_headers},
                     {"requestheader-group-headers", true, proxy.group_headers}};
  for (const auto& list : lists) {
    auto read = list_in(*data, list.key, list.lower_case);
    if (!read) return std::unexpected(read.error());
    list.to = std::move(*read);
  }
  if (proxy.user_headers.empty()) proxy.user_headers = {"x-remote-user"};
  if (proxy.group_headers.empty()) proxy.group_headers = {"x-remote-group"};
  return proxy;
}

Result<User> authenticate(const http::ServerRequest& request, const FrontProxy& proxy) {
  if (!request.peer.certificate_verified)
    return fail(Code::kUnauthorized,
                "only the API server's aggregation layer may ask here: no client certificate of its "
                "front proxy was shown");
  const auto& names = proxy.allowed_names;
  if (!names.empty() && std::find(names.begin(), names.end(), request.peer.common_name) == names.end())
    return fail(Code::kUnauthorized, "the client certificate's name is not one of the front proxy's");
  const auto users = values_of(request, proxy.user_headers);
  if (users.empty()) return fail(Code::kUnauthorized, "the front proxy names no user");
  User user{users.front(), {}};
  for (auto& group : values_of(request, proxy.group_headers)) user.groups.insert(std::move(group));
  return user;
}

Result<bool> ReviewingAuthorizer::operator()(const Access& access) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(access);
    if (found != answers_.end() && clock_.now() < found->second.until) return found->second.allowed;
  }
  const auto review = client_.call(k8s::create(k8s::kinds::kSubjectAccessReview, review_of(access), "penstock-scaler"));
  if (!review) return fail("asking whether " + access.user.name + " may read " + access.metric, review.error());
  bool allowed = false;
  if (const auto status = review->find("status"); status != review->end() && status->is_object())
    allowed = status->value("allowed", false);
  const std::lock_guard lock(mutex_);
  if (answers_.size() >= kMaxAnswers) answers_.clear();
  answers_.insert_or_assign(access, Answer{allowed, clock_.now() + (allowed ? kAllowedFor : kRefusedFor)});
  return allowed;
}

}  // namespace penstock::scaler
