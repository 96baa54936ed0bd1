// Requests made real: sends, checks the status, reads the JSON, turns a Status object into an Error that says what the
// API server said. 429 and Retry-After become Retry::after. Any thread.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/json.hpp>
#include <penstock/http/transport.hpp>
#include <penstock/k8s/requests.hpp>

#include <memory>
#include <stop_token>

namespace penstock::k8s {

class Client {
 public:
  explicit Client(std::shared_ptr<http::Transport> transport, Duration timeout = 30s);

  // The same client with another limit for each call.
  Client with_timeout(Duration timeout) const;

  Result<Json> call(const http::Request& request, std::stop_token stop = {}) const;
  // As call, and "it isn't there" is an answer.
  Result<std::optional<Json>> find(const Resource& resource, const ObjectKey& key, std::stop_token stop = {}) const;
  // Resolves apiVersion + kind by discovery, remembered for the life of the client; kNotFound says what is missing.
  Result<Resource> resolve(const std::string& api_version, const std::string& kind, std::stop_token stop = {}) const;
  http::Transport& transport() const { return *transport_; }

 private:
  struct Discovered;
  std::shared_ptr<http::Transport> transport_;
  Duration timeout_;
  std::shared_ptr<Discovered> discovered_;
};

// 404 → kNotFound, 409 AlreadyExists → kAlreadyExists, other 409 → kConflict, 410 → kGone, 422/400 → kInvalid …, by
// what is meant where that differs from the status: another uid is always kConflict, an unknown field always kInvalid.
Error error_of(const http::Request& request, const http::Response& response);

}  // namespace penstock::k8s
