#include <penstock/scaler/metrics_api.hpp>

#include <charconv>
#include <cmath>

namespace penstock::scaler {
namespace {

constexpr std::string_view kGroup = "external.metrics.k8s.io";
constexpr std::string_view kGroupPath = "/apis/external.metrics.k8s.io";
constexpr std::string_view kVersionPath = "/apis/external.metrics.k8s.io/v1beta1";
constexpr std::string_view kMetric = "penstock-lag";
constexpr std::string_view kScalerLabel = "penstock.dev/scaler";
constexpr std::string_view kTargetLabel = "penstock.dev/target";
constexpr std::string_view kNamespaces = "/namespaces/";
// Exact in a double, also in thousandths.
constexpr double kLargest = 9e12;

http::ServerResponse json(int status, const Json& body) {
  return {status, "application/json", body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

http::ServerResponse refuse(int status, const char* reason, const std::string& message) {
  return json(status, {{"kind", "Status"},
                       {"apiVersion", "v1"},
                       {"metadata", Json::object()},
                       {"status", "Failure"},
                       {"message", message},
                       {"reason", reason},
                       {"code", status}});
}

http::ServerResponse refuse(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      return refuse(400, "BadRequest", error.what);
    case Code::kUnauthorized:
      return refuse(401, "Unauthorized", error.what);
    case Code::kForbidden:
      return refuse(403, "Forbidden", error.what);
    case Code::kNotFound:
      return refuse(404, "NotFound", error.what);
    default:
      return refuse(503, "ServiceUnavailable", error.what);
  }
}

Json resource_list() {
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", std::string(kGroup) + "/v1beta1"},
          {"resources", Json::array({{{"name", kMetric},
                                      {"singularName", ""},
                                      {"namespaced", true},
                                      {"kind", "ExternalMetricValueList"},
                                      {"verbs", {"get"}}}})}};
}

Json group() {
  const Json version{{"groupVersion", std::string(kGroup) + "/v1beta1"}, {"version", "v1beta1"}};
  return {{"kind", "APIGroup"},
          {"apiVersion", "v1"},
          {"name", kGroup},
          {"versions", Json::array({version})},
          {"preferredVersion", version}};
}

std::optional<std::string> decode_percent(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    unsigned byte = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* digits = text.data() + i + 1;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
    plain += static_cast<char>(byte);
    i += 2;
  }
  return plain;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// The decoded value of a query's parameter; empty when it isn't there.
Result<std::string> parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!pair.starts_with(name) || pair.size() <= name.size() || pair[name.size()] != '=') continue;
    if (auto value = decode_percent(pair.substr(name.size() + 1))) return *value;
    return fail(Code::kInvalid, "the query is not well percent-encoded", Retry::never());
  }
  return std::string{};
}

struct Asked {
  std::string scaler;
  std::int64_t target = 0;
};

Result<Asked> asked_in(std::string_view query) {
  const auto selector = parameter(query, "labelSelector");
  if (!selector) return std::unexpected(selector.error());
  const auto pairs = parse_equalities(*selector);
  const std::string form = "the selector must be " + std::string(kScalerLabel) + "=NAME," + std::string(kTargetLabel) +
                           "=RECORDS, as the operator's HorizontalPodAutoscaler has it";
  if (!pairs || pairs->size() != 2) return fail(Code::kInvalid, form, Retry::never());
  Asked asked;
  for (const auto& [label, value] : *pairs) {
    if (label == kScalerLabel) {
      asked.scaler = value;
    } else if (label == kTargetLabel) {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), asked.target);
      if (error != std::errc{} || end != value.data() + value.size()) asked.target = 0;
    }
  }
  if (asked.scaler.empty() || asked.target <= 0) return fail(Code::kInvalid, form, Retry::never());
  return asked;
}

}  // namespace

std::string print_quantity(double value) {
  if (!(value > 0)) return "0";
  value = std::min(value, kLargest);
  const double whole = std::round(value);
  if (std::abs(value - whole) < 0.0005) return std::to_string(static_cast<std::int64_t>(whole));
  return std::to_string(static_cast<std::int64_t>(std::ceil(value * 1000))) + "m";
}

std::optional<std::map<std::string, std::string>> parse_equalities(std::string_view selector) {
  std::map<std::string, std::string> pairs;
  selector = trimmed(selector);
  while (!selector.empty()) {
    const std::size_t comma = std::min(selector.find(','), selector.size());
    const std::string_view pair = selector.substr(0, comma);
    selector.remove_prefix(std::min(comma + 1, selector.size()));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string_view value = pair.substr(equals + 1);
    if (value.starts_with('=')) value.remove_prefix(1);
    const std::string key(trimmed(pair.substr(0, equals)));
    if (key.empty() || key.ends_with('!')) return std::nullopt;
    if (!pairs.emplace(key, trimmed(value)).second) return std::nullopt;
  }
  return pairs;
}

MetricsApi::MetricsApi(const Answers& answers, ProxySource proxy, Authorizer authorizer, const Clock& clock)
    : answers_(answers), proxy_(std::move(proxy)), authorizer_(std::move(authorizer)), clock_(clock) {}

http::ServerResponse MetricsApi::handle(const http::ServerRequest& request) const {
  const std::string_view target = request.target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, mark);
  const std::string_view query = target.substr(std::min(mark + 1, target.size()));
  if (request.method != "GET") return refuse(405, "MethodNotAllowed", "only GET is served here");
  if (path == "/healthz" || path == "/livez" || path == "/readyz") return {200, "text/plain; charset=utf-8", "ok"};

  const auto proxy = proxy_();
  if (!proxy) return refuse(503, "ServiceUnavailable", "the API server's front proxy is not known yet");
  const auto user = authenticate(request, *proxy);
  if (!user) return refuse(user.error());
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == kGroupPath) return json(200, group());
  if (path == kVersionPath) return json(200, resource_list());
  if (path.starts_with(kVersionPath) && path.substr(kVersionPath.size()).starts_with(kNamespaces)) {
    const std::string_view rest = path.substr(kVersionPath.size() + kNamespaces.size());
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos && rest.find('/', slash + 1) == std::string_view::npos) {
      const auto ns = decode_percent(rest.substr(0, slash));
      const auto metric = decode_percent(rest.substr(slash + 1));
      if (ns && metric && !ns->empty() && !metric->empty()) return value(*user, *ns, *metric, query);
    }
  }
  return refuse(404, "NotFound", "there is nothing at this path");
}

http::ServerResponse MetricsApi::value(const User& user, const std::string& ns, const std::string& metric,
                                       std::string_view query) const {
  const auto allowed = authorizer_({user, "list", ns, metric});
  if (!allowed) return refuse(503, "ServiceUnavailable", allowed.error().what);
  if (!*allowed)
    return refuse(
        403, "Forbidden",
        "user " + user.name + " may not list " + metric + "." + std::string(kGroup) + " in the namespace " + ns);
  if (metric != kMetric) return refuse(404, "NotFound", "the only metric here is " + std::string(kMetric));
  const auto asked = asked_in(query);
  if (!asked) return refuse(asked.error());
  const auto value = answers_.metric({ns, asked->scaler}, asked->target, true);
  if (!value) return refuse(value.error());
  return json(
      200,
      {{"kind", "ExternalMetricValueList"},
       {"apiVersion", std::string(kGroup) + "/v1beta1"},
       {"metadata", Json::object()},
       {"items",
        Json::array({{{"metricName", kMetric},
                      {"metricLabels", {{kScalerLabel, asked->scaler}, {kTargetLabel, std::to_string(asked->target)}}},
                      {"timestamp", format_time(clock_.wall())},
                      {"value", print_quantity(*value)}}})}});
}

}  // namespace penstock::scaler
