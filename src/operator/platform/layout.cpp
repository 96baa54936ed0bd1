#include <penstock/operator/platform/layout.hpp>
#include <penstock/pki/ids.hpp>

#include <algorithm>

namespace penstock::op::platform {

std::string stateful_set_name(const api::EventPlatform& platform, const api::NodePool& pool) {
  return platform.meta.name + "-" + pool.name;
}

std::string join(const std::vector<std::string>& items, std::string_view separator) {
  std::string out;
  for (const auto& item : items) out.append(out.empty() ? "" : separator).append(item);
  return out;
}

std::string volume_name(const std::string& pod) {
  return "data-" + pod;
}

Layout::Layout(const Observed& observed, Ids ids) : observed_(observed), ids_(std::move(ids)) {
  for (const auto& pool : kafka().node_pools)
    for (int i = 0; i < pool.replicas; ++i) {
      const int id = pool.node_id_start + i;
      const std::string name = pod(pool, id);
      nodes_.push_back({id, &pool, name, name + "." + host(nodes_service()), volume_name(name)});
    }
  std::ranges::sort(nodes_, {},
                    [](const Node& node) { return std::pair(!node.pool->has(api::Role::kController), node.id); });
}

int Layout::count(api::Role role) const {
  return static_cast<int>(std::ranges::count_if(nodes_, [&](const Node& node) { return node.pool->has(role); }));
}

bool Layout::has_combined() const {
  return std::ranges::any_of(nodes_, [](const Node& node) {
    return node.pool->has(api::Role::kController) && node.pool->has(api::Role::kBroker);
  });
}

const api::Listener* Layout::mutual_listener() const {
  const auto found = std::ranges::find(kafka().listeners, api::kMutualTls, &api::Listener::authentication);
  return found == kafka().listeners.end() ? nullptr : &*found;
}

std::string Layout::stateful_set(const api::NodePool& pool) const {
  return stateful_set_name(platform(), pool);
}

std::string Layout::pod(const api::NodePool& pool, int id) const {
  return stateful_set(pool) + "-" + std::to_string(id);
}

std::string Layout::host(const std::string& service) const {
  return service + "." + platform().meta.ns + ".svc." + settings().cluster_domain;
}

std::map<std::string, std::string> Layout::labels() const {
  return {{std::string(kManagedBy), "penstock"},
          {std::string(kPlatformLabel), platform().meta.name},
          {"app.kubernetes.io/name", "kafka"},
          {"app.kubernetes.io/instance", platform().meta.name}};
}

std::map<std::string, std::string> Layout::labels(const api::NodePool& pool) const {
  auto out = labels();
  out[std::string(kPoolLabel)] = pool.name;
  const bool controller = pool.has(api::Role::kController), broker = pool.has(api::Role::kBroker);
  out["app.kubernetes.io/component"] = controller && broker ? "node" : controller ? "controller" : "broker";
  if (controller) out[std::string(kControllerLabel)] = "true";
  if (broker) out[std::string(kBrokerLabel)] = "true";
  return out;
}

Json Layout::metadata(const std::string& name, const Json& labels) const {
  return {{"name", name},
          {"namespace", platform().meta.ns},
          {"labels", labels},
          {"ownerReferences", Json::array({api::owner_reference(api::EventPlatform::kKind, platform().meta)})}};
}

bool is_child(const Json& object, const api::EventPlatform& platform) {
  for (const Json& owner : object.at("metadata").value("ownerReferences", Json::array()))
    if (owner.value("controller", false)) return owner.value("uid", "") == platform.meta.uid;
  return false;
}

const Json* own(const Layout& layout, const std::map<std::string, Json>& objects, const std::string& name) {
  const auto found = objects.find(name);
  return found != objects.end() && is_child(found->second, layout.platform()) ? &found->second : nullptr;
}

std::string annotation_of(const Json& object, std::string_view name) {
  return object.at("metadata").value("annotations", Json::object()).value(std::string(name), "");
}

Ids ids_of(const Observed& observed) {
  const api::EventPlatform& platform = observed.platform;
  Ids ids{platform.status.cluster_id, platform.status.directory_ids};
  for (const auto& [name, claim] : observed.children.volume_claims) {
    if (!ids.cluster.empty()) break;
    ids.cluster = annotation_of(claim, kClusterIdAnnotation);
  }
  if (ids.cluster.empty()) ids.cluster = pki::derived_id("cluster of " + platform.meta.uid);
  if (!ids.directories.empty()) return ids;
  for (const auto& pool : platform.spec.kafka->node_pools) {
    if (!pool.has(api::Role::kController)) continue;
    for (int id = pool.node_id_start; id < pool.node_id_start + pool.replicas; ++id)
      ids.directories[std::to_string(id)] =
          pki::derived_id("directory of " + std::to_string(id) + " in " + ids.cluster);
  }
  return ids;
}

}  // namespace penstock::op::platform
