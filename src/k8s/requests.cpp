#include <penstock/k8s/requests.hpp>

#include <utility>

namespace penstock::k8s {

namespace {

constexpr const char* kJson = "application/json";

std::string group_path(const std::string& api_version) {
  return (api_version.find('/') == std::string::npos ? "/api/" : "/apis/") + api_version;
}

std::string collection(const Resource& resource, const std::string& ns) {
  std::string path = group_path(resource.api_version());
  if (resource.namespaced && !ns.empty()) path += "/namespaces/" + http::percent_encode(ns);
  return path + "/" + resource.plural;
}

std::string item(const Resource& resource, const ObjectKey& key) {
  return collection(resource, key.ns) + "/" + http::percent_encode(key.name);
}

// Appends what has a value, in the order given.
std::string with_query(std::string path, std::initializer_list<std::pair<const char*, std::string>> query) {
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    path.append(1, separator).append(name).append("=").append(http::percent_encode(value));
    separator = '&';
  }
  return path;
}

http::Request read(std::string target) {
  return {"GET", std::move(target), {{"Accept", kJson}}, {}};
}

http::Request write(const char* method, std::string target, const char* content_type, const Json& body) {
  return {method, std::move(target), {{"Accept", kJson}, {"Content-Type", content_type}}, body.dump()};
}

// What a body must say about its kind, so that a caller need not repeat it.
Json typed(const Resource& resource, Json object) {
  object.emplace("apiVersion", resource.api_version());
  object.emplace("kind", resource.kind);
  return object;
}

http::Request apply_at(const std::string& path, const Resource& resource, const Json& object,
                       const std::string& field_manager, bool dry_run) {
  // JSON is YAML, and the server takes this kind of patch as YAML.
  return write("PATCH",
               with_query(path, {{"fieldManager", field_manager},
                                 {"force", "true"},
                                 {"fieldValidation", "Strict"},
                                 {"dryRun", dry_run ? "All" : ""}}),
               "application/apply-patch+yaml", typed(resource, object));
}

}  // namespace

http::Request list(const Resource& resource, const ListParams& params) {
  return read(with_query(collection(resource, params.ns), {{"labelSelector", params.label_selector},
                                                           {"fieldSelector", params.field_selector},
                                                           {"limit", std::to_string(params.limit)},
                                                           {"continue", params.continue_token}}));
}

http::Request watch(const Resource& resource, const WatchParams& params) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(params.timeout).count();
  return read(with_query(collection(resource, params.ns), {{"watch", "true"},
                                                           {"allowWatchBookmarks", "true"},
                                                           {"labelSelector", params.label_selector},
                                                           {"fieldSelector", params.field_selector},
                                                           {"resourceVersion", params.resource_version},
                                                           {"timeoutSeconds", std::to_string(seconds)}}));
}

http::Request get(const Resource& resource, const ObjectKey& key) {
  return read(item(resource, key));
}

http::Request create(const Resource& resource, const Json& object, const std::string& field_manager) {
  return write("POST",
               with_query(collection(resource, key_of(object).ns),
                          {{"fieldManager", field_manager}, {"fieldValidation", "Strict"}}),
               kJson, typed(resource, object));
}

http::Request replace(const Resource& resource, const Json& object, const std::string& field_manager) {
  return write(
      "PUT",
      with_query(item(resource, key_of(object)), {{"fieldManager", field_manager}, {"fieldValidation", "Strict"}}),
      kJson, typed(resource, object));
}

http::Request apply(const Resource& resource, const Json& object, const std::string& field_manager, bool dry_run) {
  return apply_at(item(resource, key_of(object)), resource, object, field_manager, dry_run);
}

http::Request apply_status(const Resource& resource, const Json& object, const std::string& field_manager) {
  return apply_at(item(resource, key_of(object)) + "/status", resource, object, field_manager, false);
}

http::Request merge_patch(const Resource& resource, const ObjectKey& key, const Json& patch,
                          const std::string& field_manager) {
  return write("PATCH",
               with_query(item(resource, key), {{"fieldManager", field_manager}, {"fieldValidation", "Strict"}}),
               "application/merge-patch+json", patch);
}

http::Request remove(const Resource& resource, const ObjectKey& key, const std::string& uid) {
  return write("DELETE", item(resource, key), kJson,
               {{"apiVersion", "v1"},
                {"kind", "DeleteOptions"},
                {"preconditions", {{"uid", uid}}},
                {"propagationPolicy", "Background"}});
}

http::Request get_scale(const Resource& resource, const ObjectKey& key) {
  return read(item(resource, key) + "/scale");
}

http::Request set_scale(const Resource& resource, const ObjectKey& key, int replicas,
                        const std::string& field_manager) {
  return write("PATCH", with_query(item(resource, key) + "/scale", {{"fieldManager", field_manager}}),
               "application/merge-patch+json", {{"spec", {{"replicas", replicas}}}});
}

http::Request discover(const std::string& api_version) {
  return read(group_path(api_version));
}

std::optional<Resource> find_kind(const Json& api_resource_list, const std::string& api_version,
                                  const std::string& kind) {
  if (!api_resource_list.is_object()) return std::nullopt;
  const auto resources = api_resource_list.find("resources");
  if (resources == api_resource_list.end() || !resources->is_array()) return std::nullopt;
  const auto slash = api_version.find('/');
  for (const Json& entry : *resources) {
    if (!entry.is_object() || entry.value("kind", Json{}) != kind) continue;
    const Json plural = entry.value("name", Json{});
    // A subresource ("deployments/scale") is listed beside its resource, with a kind of its own.
    if (!plural.is_string() || plural.get_ref<const std::string&>().find('/') != std::string::npos) continue;
    return Resource{slash == std::string::npos ? "" : api_version.substr(0, slash),
                    slash == std::string::npos ? api_version : api_version.substr(slash + 1), plural.get<std::string>(),
                    kind, entry.value("namespaced", Json{}) == true};
  }
  return std::nullopt;
}

}  // namespace penstock::k8s
