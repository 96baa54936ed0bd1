// What kinds of object there are, and how one is named.
#pragma once
#include <penstock/base/json.hpp>

#include <compare>
#include <functional>
#include <string>

namespace penstock::k8s {

struct Resource {
  std::string group;  // empty: core
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  auto operator<=>(const Resource&) const = default;
};

struct ObjectKey {
  std::string ns;  // empty for what is not namespaced
  std::string name;

  std::string to_string() const { return ns.empty() ? name : ns + "/" + name; }
  auto operator<=>(const ObjectKey&) const = default;
};

ObjectKey key_of(const Json& object);

// The kinds that Penstock knows.
namespace kinds {
extern const Resource kEventPlatform, kTopic, kConsumerScaler;
extern const Resource kPod, kService, kConfigMap, kSecret, kPersistentVolumeClaim, kNamespace;
extern const Resource kStatefulSet, kPodDisruptionBudget, kHorizontalPodAutoscaler, kScaledObject,
    kClusterTriggerAuthentication;
extern const Resource kCustomResourceDefinition, kClusterRole, kApiService, kLease, kEvent, kSubjectAccessReview,
    kEndpointSlice;
}  // namespace kinds

}  // namespace penstock::k8s

template <>
struct std::hash<penstock::k8s::ObjectKey> {
  std::size_t operator()(const penstock::k8s::ObjectKey& key) const {
    return std::hash<std::string>{}(key.ns) * 31 + std::hash<std::string>{}(key.name);
  }
};
