// A tiny API server in memory: objects by path, with resource versions that a PUT must match.
#pragma once
#include <penstock/base/json.hpp>
#include <penstock/http/transport.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace penstock::test {

class FakeApi final : public http::Transport {
 public:
  // Asked before each request; an answer of its own replaces the server's. The request is carried out all the same
  // when carry_out says so: an answer that got lost.
  struct Fault {
    Error error;
    bool carry_out = false;
  };
  std::function<std::optional<Fault>(const http::Request&)> fault;

  Result<http::Response> send(const http::Request& request, Duration, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(Code::kCancelled, "stopped");
    const auto hit = fault ? fault(request) : std::nullopt;
    if (hit && !hit->carry_out) return std::unexpected(hit->error);
    std::lock_guard lock(mutex_);
    log_.push_back(request);
    http::Response response = answer(request);
    if (hit) return std::unexpected(hit->error);
    return response;
  }

  Result<http::Response> stream(const http::Request&, const http::ChunkSink&, Duration, std::stop_token) override {
    return fail(Code::kUnsupported, "no watches here");
  }

  // What is stored at a path; null when nothing is.
  Json at(const std::string& path) const {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(path);
    return found == objects_.end() ? Json{} : found->second;
  }

  void put(const std::string& path, Json object) {
    std::lock_guard lock(mutex_);
    store(path, std::move(object));
  }

  void erase(const std::string& path) {
    std::lock_guard lock(mutex_);
    objects_.erase(path);
  }

  std::vector<http::Request> log() const {
    std::lock_guard lock(mutex_);
    return log_;
  }

  std::map<std::string, Json> objects() const {
    std::lock_guard lock(mutex_);
    return objects_;
  }

 private:
  static http::Response status(int code, const std::string& reason) {
    return {code, {}, Json{{"kind", "Status"}, {"reason", reason}, {"message", reason}, {"code", code}}.dump()};
  }

  http::Response store(const std::string& path, Json object) {
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    objects_[path] = object;
    return {200, {}, object.dump()};
  }

  http::Response answer(const http::Request& request) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (request.method == "POST") {
      Json object = Json::parse(request.body);
      const std::string name = path + "/" + object["metadata"]["name"].get<std::string>();
      return objects_.contains(name) ? status(409, "AlreadyExists") : store(name, std::move(object));
    }
    const auto found = objects_.find(path);
    if (found == objects_.end()) return status(404, "NotFound");
    if (request.method == "GET") return {200, {}, found->second.dump()};
    Json body = Json::parse(request.body);
    if (request.method == "PATCH") {
      Json patched = found->second;
      patched.merge_patch(body);
      return store(path, std::move(patched));
    }
    if (body["metadata"]["resourceVersion"] != found->second["metadata"]["resourceVersion"])
      return status(409, "Conflict");
    return store(path, std::move(body));
  }

  mutable std::mutex mutex_;
  std::map<std::string, Json> objects_;
  std::vector<http::Request> log_;
  int version_ = 0;
};

}  // namespace penstock::test
