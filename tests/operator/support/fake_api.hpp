// An API server in memory, as far as the controllers need one, and a fuse: after a given number of writes, to it or to
// the fake Kafka, nothing answers any more, as when the process is killed.
#pragma once
#include <penstock/http/transport.hpp>
#include <penstock/k8s/store.hpp>

#include <map>
#include <string>
#include <vector>

namespace penstock::test {

struct Fuse {
  int left = -1;  // writes that still succeed; −1: any number
  bool blown() const { return left == 0; }
  void burn() {
    if (left > 0) --left;
  }
};

class FakeApi final : public http::Transport {
 public:
  explicit FakeApi(Fuse& fuse) : fuse_(fuse) {}

  Result<http::Response> send(const http::Request& request, Duration, std::stop_token) override {
    if (fuse_.blown()) return fail(Code::kUnavailable, "the process is dead");
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path.ends_with("/events")) return answer(201, Json::object());
    if (request.method == "GET") return read(path);
    const Json body = request.body.empty() ? Json() : Json::parse(request.body);
    writes.push_back(request.method + " " + path);
    Result<http::Response> out = answer(405, Json::object());
    if (request.method == "POST") out = create(path, body);
    if (request.method == "PATCH") out = patch(path, body);
    if (request.method == "DELETE") out = remove(path, body);
    fuse_.burn();
    return out;
  }
  Result<http::Response> stream(const http::Request&, const http::ChunkSink&, Duration, std::stop_token) override {
    return fail(Code::kUnsupported, "no watches here");
  }

  // What a person does with kubectl.
  Json& put(const std::string& path, Json object) {
    Json& metadata = object["metadata"];
    if (!metadata.contains("uid")) metadata["uid"] = "uid-" + std::to_string(++uids_);
    if (!metadata.contains("generation")) metadata["generation"] = 1;
    metadata["resourceVersion"] = std::to_string(++version_);
    return objects[path] = std::move(object);
  }

  // The store as a complete list would make it.
  template <class T>
  void fill(k8s::Store<T>& store, const std::string& plural) const {
    using Type = k8s::WatchEvent::Type;
    store.on({Type::kInit, {}});
    for (const auto& [path, object] : objects)
      if (path.find("/" + plural + "/") != std::string::npos) store.on({Type::kInitApply, object});
    store.on({Type::kInitDone, {}});
  }

  std::map<std::string, Json> objects;  // by path
  std::vector<std::string> writes;

 private:
  static http::Response answer(int status, const Json& body) { return {status, {}, body.dump()}; }
  static http::Response refusal(int status, const std::string& reason) {
    return answer(status, {{"kind", "Status"}, {"code", status}, {"reason", reason}, {"message", reason}});
  }
  static std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

  http::Response read(const std::string& path) {
    if (path == "/apis/apps/v1")
      return answer(200, {{"resources", {{{"name", "deployments"}, {"kind", "Deployment"}, {"namespaced", true}}}}});
    const bool scale = path.ends_with("/scale");
    const auto found = objects.find(scale ? parent(path) : path);
    if (found == objects.end()) return refusal(404, "NotFound");
    if (!scale) return answer(200, found->second);
    return answer(200, {{"spec", {{"replicas", found->second["spec"].value("replicas", 1)}}}});
  }

  http::Response create(const std::string& collection, Json object) {
    const std::string path = collection + "/" + object["metadata"]["name"].get<std::string>();
    if (objects.contains(path)) return refusal(409, "AlreadyExists");
    return answer(201, put(path, std::move(object)));
  }

  http::Response patch(const std::string& path, const Json& body) {
    const bool status = path.ends_with("/status"), scale = path.ends_with("/scale");
    const auto found = objects.find(status || scale ? parent(path) : path);
    if (found == objects.end()) return refusal(404, "NotFound");
    Json& object = found->second;
    for (const char* precondition : {"uid", "resourceVersion"})
      if (body.contains("metadata") && body["metadata"].contains(precondition) &&
          body["metadata"][precondition] != object["metadata"][precondition])
        return refusal(409, "Conflict");
    if (status) {
      object["status"] = body["status"];
    } else {
      const Json spec = object.value("spec", Json());
      object.merge_patch(body);
      if (object.value("spec", Json()) != spec)
        object["metadata"]["generation"] = object["metadata"]["generation"].get<int>() + 1;
    }
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    const Json copy = object;
    if (object["metadata"].contains("deletionTimestamp") &&
        object["metadata"].value("finalizers", Json::array()).empty())
      objects.erase(found);
    return answer(200, copy);
  }

  http::Response remove(const std::string& path, const Json& body) {
    const auto found = objects.find(path);
    if (found == objects.end()) return refusal(404, "NotFound");
    if (body["preconditions"]["uid"] != found->second["metadata"]["uid"]) return refusal(409, "Conflict");
    objects.erase(found);
    return answer(200, Json::object());
  }

  Fuse& fuse_;
  int uids_ = 0, version_ = 0;
};

}  // namespace penstock::test
