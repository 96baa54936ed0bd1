// external.metrics.k8s.io/v1beta1 for HPA, behind the API server's aggregation layer: one metric, one item. Pure of I/O
// but for the authorizer, which asks the API server when it has no fresh answer: the one request that is not answered
// from memory alone.
#pragma once
#include <penstock/http/server.hpp>
#include <penstock/k8s/client.hpp>
#include <penstock/scaler/answers.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::scaler {

// How the API server proves that a request comes through it, from ConfigMap
// kube-system/extension-apiserver-authentication.
struct FrontProxy {
  std::string client_authorities;                        // PEM
  std::vector<std::string> allowed_names;                // empty: any certificate of these authorities
  std::vector<std::string> user_headers, group_headers;  // lower case
  bool operator==(const FrontProxy&) const = default;
};
Result<FrontProxy> parse_front_proxy(const Json& config_map);

struct User {
  std::string name;
  std::set<std::string> groups;
  auto operator<=>(const User&) const = default;
};
// Whom the front proxy vouches for. The headers of anybody else are worth nothing.
Result<User> authenticate(const http::ServerRequest& request, const FrontProxy& proxy);

// What a user wants to read.
struct Access {
  User user;
  std::string verb, ns, metric;
  auto operator<=>(const Access&) const = default;
};
// An error only when it could not be found out.
using Authorizer = std::function<Result<bool>(const Access&)>;

// Asks with a SubjectAccessReview and remembers the answers, a refusal for a shorter time. Any thread.
class ReviewingAuthorizer {
 public:
  ReviewingAuthorizer(k8s::Client client, const Clock& clock) : client_(std::move(client)), clock_(clock) {}
  Result<bool> operator()(const Access& access);

 private:
  struct Answer {
    bool allowed = false;
    SteadyTime until{};
  };
  const k8s::Client client_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<Access, Answer> answers_;
};

class MetricsApi {
 public:
  // Unset while the front proxy is not known: everybody is refused until then.
  using ProxySource = std::function<std::shared_ptr<const FrontProxy>()>;

  MetricsApi(const Answers& answers, ProxySource proxy, Authorizer authorizer, const Clock& clock);
  http::ServerResponse handle(const http::ServerRequest& request) const;

 private:
  http::ServerResponse value(const User& user, const std::string& ns, const std::string& metric,
                             std::string_view query) const;

  const Answers& answers_;
  const ProxySource proxy_;
  const Authorizer authorizer_;
  const Clock& clock_;
};

// "12345", or "12345500m" where there is a fraction, rounded up to thousandths.
std::string print_quantity(double value);
// The pairs of "a=b,c=d"; nullopt for anything else.
std::optional<std::map<std::string, std::string>> parse_equalities(std::string_view selector);

}  // namespace penstock::scaler
