#include <penstock/base/hash.hpp>
#include <penstock/operator/platform/certificates.hpp>
#include <penstock/operator/platform/render.hpp>

namespace penstock::op::platform {
namespace {

constexpr int kUser = 1000;  // of the apache/kafka image

Json exec_probe(const char* what, int period, int timeout, int failures) {
  return {{"exec", {{"command", {"/bin/bash", "/etc/penstock/probe.sh", what}}}},
          {"periodSeconds", period},
          {"timeoutSeconds", timeout},
          {"failureThreshold", failures}};
}

Json ports(const Layout& layout, const api::NodePool& pool) {
  Json out = Json::array();
  const auto add = [&](const std::string& name, int port) {
    out.push_back({{"name", name}, {"containerPort", port}, {"protocol", "TCP"}});
  };
  if (pool.has(api::Role::kController)) add("controller", kControllerPort);
  if (!pool.has(api::Role::kBroker)) return out;
  add("internal", kInternalPort);
  for (const auto& listener : layout.kafka().listeners) add(listener.name, listener.port);
  return out;
}

Json container(const Layout& layout, const api::NodePool& pool, const std::string& image) {
  return {
      {"name", "kafka"},
      {"image", image},
      {"imagePullPolicy", "IfNotPresent"},
      {"command", {"/bin/bash", "/etc/penstock/start.sh"}},
      {"env",
       {{{"name", "POD_NAME"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.name"}}}}}},
        {{"name", "HEAP"}, {"value", heap(pool)}}}},
      {"ports", ports(layout, pool)},
      {"resources", pool.resources},
      {"readinessProbe", exec_probe("ready", 3, 5, 2)},
      {"livenessProbe", exec_probe("alive", 15, 10, 6)},
      {"securityContext",
       {{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}, {"capabilities", {{"drop", {"ALL"}}}}}},
      {"volumeMounts",
       {{{"name", "data"}, {"mountPath", "/var/lib/kafka"}},
        {{"name", "config"}, {"mountPath", "/etc/penstock"}, {"readOnly", true}},
        {{"name", "tls"}, {"mountPath", certificate_path("")}, {"readOnly", true}},
        {{"name", "tmp"}, {"mountPath", "/tmp"}}}}};
}

// Apart if there is room, together if there is not.
Json spread(const Layout& layout) {
  Json out = Json::array();
  for (const auto* key : {"kubernetes.io/hostname", "topology.kubernetes.io/zone"})
    out.push_back({{"maxSkew", 1},
                   {"topologyKey", key},
                   {"whenUnsatisfiable", "ScheduleAnyway"},
                   {"labelSelector", {{"matchLabels", {{std::string(kPlatformLabel), layout.platform().meta.name}}}}}});
  return out;
}

Json pod_spec(const Layout& layout, const api::NodePool& pool, const std::string& image) {
  return {{"automountServiceAccountToken", false},
          {"enableServiceLinks", false},
          {"terminationGracePeriodSeconds", 120},
          {"securityContext",
           {{"runAsNonRoot", true},
            {"runAsUser", kUser},
            {"runAsGroup", kUser},
            {"fsGroup", kUser},
            {"fsGroupChangePolicy", "OnRootMismatch"},
            {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
          {"topologySpreadConstraints", spread(layout)},
          {"containers", Json::array({container(layout, pool, image)})},
          {"volumes",
           {{{"name", "config"}, {"configMap", {{"name", layout.stateful_set(pool)}}}},
            {{"name", "tls"}, {"secret", {{"secretName", pool_secret_name(layout, pool)}, {"defaultMode", 0440}}}},
            {{"name", "tmp"}, {"emptyDir", Json::object()}}}}};
}

Json claim_spec(const api::NodePool& pool) {
  Json spec{{"accessModes", {"ReadWriteOnce"}}, {"resources", {{"requests", {{"storage", pool.storage.size}}}}}};
  if (!pool.storage.storage_class_name.empty()) spec["storageClassName"] = pool.storage.storage_class_name;
  return spec;
}

}  // namespace

// The StatefulSet takes a claim of this name as its own; ours is there first, and says whose data it holds.
Json volume_claim(const Layout& layout, const Node& node, const std::set<int>& settled) {
  Json metadata = layout.metadata(node.volume, layout.labels(*node.pool));
  // What is to be kept must not have an owner that is collected.
  if (node.pool->storage.reclaim == api::Reclaim::kRetain) metadata.erase("ownerReferences");
  metadata["annotations"] = {{std::string(kClusterIdAnnotation), layout.ids().cluster},
                             {"penstock.dev/node-id", std::to_string(node.id)}};
  const auto directory = layout.ids().directories.find(std::to_string(node.id));
  if (settled.contains(node.id)) {
    metadata["annotations"][kSettledAnnotation] = "true";
  } else if (directory != layout.ids().directories.end()) {
    metadata["annotations"][kDirectoryIdAnnotation] = directory->second;
  }
  return {{"apiVersion", "v1"},
          {"kind", "PersistentVolumeClaim"},
          {"metadata", std::move(metadata)},
          {"spec", claim_spec(*node.pool)}};
}

Json stateful_set(const Layout& layout, const api::NodePool& pool, const std::string& image, int replicas,
                  const std::string& quorum_trust) {
  const auto labels = layout.labels(pool);
  // Kafka reads its file, and the certificates of the controllers' listener, at start only: others are another revision
  // of the pods.
  const Json annotations{{"penstock.dev/config-hash", stable_hash(server_properties(layout, pool))},
                         {"penstock.dev/quorum-trust", quorum_trust}};
  // Only for a claim that is deleted by hand and made anew by the StatefulSet before we see it: it is known as ours.
  Json claim{{"metadata",
              {{"name", "data"},
               {"labels", labels},
               {"annotations", {{std::string(kClusterIdAnnotation), layout.ids().cluster}}}}},
             {"spec", claim_spec(pool)}};
  return {
      {"apiVersion", "apps/v1"},
      {"kind", "StatefulSet"},
      {"metadata", layout.metadata(layout.stateful_set(pool), labels)},
      {"spec",
       {{"serviceName", layout.nodes_service()},
        {"replicas", replicas},
        {"ordinals", {{"start", pool.node_id_start}}},
        {"podManagementPolicy", "Parallel"},
        {"updateStrategy", {{"type", "OnDelete"}}},
        {"revisionHistoryLimit", 5},
        {"persistentVolumeClaimRetentionPolicy", {{"whenDeleted", "Retain"}, {"whenScaled", "Retain"}}},
        {"selector",
         {{"matchLabels",
           {{std::string(kPlatformLabel), layout.platform().meta.name}, {std::string(kPoolLabel), pool.name}}}}},
        {"template",
         {{"metadata", {{"labels", labels}, {"annotations", annotations}}}, {"spec", pod_spec(layout, pool, image)}}},
        {"volumeClaimTemplates", Json::array({std::move(claim)})}}}};
}

}  // namespace penstock::op::platform
