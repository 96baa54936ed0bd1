// Requests to the API server as values: nothing here does I/O.
#pragma once
#include <penstock/base/json.hpp>
#include <penstock/base/time.hpp>
#include <penstock/http/transport.hpp>
#include <penstock/k8s/resource.hpp>

#include <optional>
#include <string>

namespace penstock::k8s {

struct ListParams {
  std::string ns;  // empty: all namespaces
  std::string label_selector, field_selector;
  std::string continue_token;
  int limit = 500;
};

struct WatchParams {
  std::string ns;
  std::string label_selector, field_selector;
  std::string resource_version;
  Duration timeout = 5min;  // the server ends the stream after this; bookmarks are always asked for
};

http::Request list(const Resource& resource, const ListParams& params);
http::Request watch(const Resource& resource, const WatchParams& params);
http::Request get(const Resource& resource, const ObjectKey& key);
http::Request create(const Resource& resource, const Json& object, const std::string& field_manager);
// Replaces the whole object; its metadata.resourceVersion is a precondition (kConflict otherwise).
http::Request replace(const Resource& resource, const Json& object, const std::string& field_manager);
// Server-side apply with force. The object names itself; metadata.uid, when there, is a precondition
// (kConflict otherwise).
http::Request apply(const Resource& resource, const Json& object, const std::string& field_manager,
                    bool dry_run = false);
// Of a custom resource's status the server checks no uid (Kubernetes 1.36): metadata.resourceVersion is the
// precondition that it does check.
http::Request apply_status(const Resource& resource, const Json& object, const std::string& field_manager);
http::Request merge_patch(const Resource& resource, const ObjectKey& key, const Json& patch,
                          const std::string& field_manager);
// Deletes only the very object with this uid.
http::Request remove(const Resource& resource, const ObjectKey& key, const std::string& uid);
http::Request get_scale(const Resource& resource, const ObjectKey& key);
http::Request set_scale(const Resource& resource, const ObjectKey& key, int replicas, const std::string& field_manager);

// The plural and group/version of a scale target such as apps/v1 Deployment; needs discovery for kinds not known here.
http::Request discover(const std::string& api_version);
std::optional<Resource> find_kind(const Json& api_resource_list, const std::string& api_version,
                                  const std::string& kind);

}  // namespace penstock::k8s
