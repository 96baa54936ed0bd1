#include "text_at.hpp"

#include <penstock/k8s/resource.hpp>

namespace penstock::k8s {

ObjectKey key_of(const Json& object) {
  if (!object.is_object()) return {};
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return {};
  return {text_at(*metadata, "namespace"), text_at(*metadata, "name")};
}

namespace kinds {

const Resource kEventPlatform{"penstock.dev", "v1alpha1", "eventplatforms", "EventPlatform"};
const Resource kTopic{"penstock.dev", "v1alpha1", "topics", "Topic"};
const Resource kConsumerScaler{"penstock.dev", "v1alpha1", "consumerscalers", "ConsumerScaler"};

const Resource kPod{"", "v1", "pods", "Pod"};
const Resource kService{"", "v1", "services", "Service"};
const Resource kConfigMap{"", "v1", "configmaps", "ConfigMap"};
const Resource kSecret{"", "v1", "secrets", "Secret"};
const Resource kPersistentVolumeClaim{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"};
const Resource kNamespace{"", "v1", "namespaces", "Namespace", false};

const Resource kStatefulSet{"apps", "v1", "statefulsets", "StatefulSet"};
const Resource kPodDisruptionBudget{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"};
const Resource kHorizontalPodAutoscaler{"autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"};
const Resource kScaledObject{"keda.sh", "v1alpha1", "scaledobjects", "ScaledObject"};
const Resource kClusterTriggerAuthentication{"keda.sh", "v1alpha1", "clustertriggerauthentications",
                                             "ClusterTriggerAuthentication", false};

const Resource kCustomResourceDefinition{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                         "CustomResourceDefinition", false};
const Resource kClusterRole{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false};
const Resource kApiService{"apiregistration.k8s.io", "v1", "apiservices", "APIService", false};
const Resource kLease{"coordination.k8s.io", "v1", "leases", "Lease"};
const Resource kEvent{"events.k8s.io", "v1", "events", "Event"};
const Resource kSubjectAccessReview{"authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false};
const Resource kEndpointSlice{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"};

}  // namespace kinds

}  // namespace penstock::k8s
