#include "upkeep.hpp"

#include <penstock/base/hash.hpp>
#include <penstock/base/quantity.hpp>
#include <penstock/operator/difference.hpp>
#include <penstock/operator/platform/certificates.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

std::string requested_storage(const Json& claim) {
  return claim.at("spec").at("resources").at("requests").value("storage", "");
}

// "data.format, spec.replicas": what a patch touches.
void collect(const Json& change, const std::string& path, std::string& out) {
  for (const auto& [key, value] : change.items()) {
    std::string here = path;
    here.append(path.empty() ? "" : ".").append(key);
    if (value.is_object() && !value.empty()) {
      collect(value, here, out);
    } else {
      out.append(out.empty() ? "" : ", ").append(here);
    }
  }
}

}  // namespace

Upkeep::Upkeep(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now)
    : plan_(plan), observed_(observed), layout_(layout), now_(now) {
  bool formed = false;
  for (const auto& pool : layout.kafka().node_pools) {
    settled_[pool.name] = settled(pool);
    formed = formed || (pool.has(api::Role::kController) && !settled_[pool.name].empty());
  }
  // Once there is a quorum, a voter whose own volume is not there has lost it: its old identity is not given out again.
  for (const Node& node : layout.nodes())
    if (formed && node.pool->has(api::Role::kController) && annotation(node, kDirectoryIdAnnotation).empty())
      settled_[node.pool->name].insert(node.id);
}

std::string Upkeep::annotation(const Node& node, std::string_view name) const {
  const auto claim = observed_.children.volume_claims.find(node.volume);
  if (claim == observed_.children.volume_claims.end()) return "";
  return annotation_of(claim->second, name);
}

// A node that was seen ready in a cluster that answers has its place in it for good: its ConfigMap and its volume say
// so.
std::set<int> Upkeep::settled(const api::NodePool& pool) const {
  std::set<int> out;
  const auto map = observed_.children.config_maps.find(layout_.stateful_set(pool));
  if (map != observed_.children.config_maps.end() && is_ours(map->second)) out = settled_nodes(map->second);
  const bool answers = observed_.answer && observed_.answer->cluster_id == layout_.ids().cluster;
  for (const Node& node : layout_.nodes()) {
    if (node.pool != &pool) continue;
    const auto pod = observed_.children.pods.find(node.pod);
    const bool ready = pod != observed_.children.pods.end() && is_ready(pod->second);
    if ((answers && ready) || annotation(node, kSettledAnnotation) == "true") out.insert(node.id);
  }
  return out;
}

void Upkeep::services() {
  const auto& live = observed_.children.services;
  want(k8s::kinds::kService, nodes_service(layout_), live, "nodes find each other by it");
  want(k8s::kinds::kService, bootstrap_service(layout_), live, "clients find the cluster by it");
}

void Upkeep::certificates() {
  const Certificates& wanted = observed_.certificates;
  const auto& live = observed_.children.secrets;
  for (const auto& [name, secret] : live)
    if (!is_ours(secret)) foreign("Secret " + name);
  if (!conflicts_.empty()) return;
  want(k8s::kinds::kSecret, authority_secret(layout_, authority_secret_name(layout_), wanted.nodes), live,
       "signs the certificates of this platform", {"data"});
  if (wanted.clients)
    want(k8s::kinds::kSecret, authority_secret(layout_, clients_authority_secret_name(layout_), *wanted.clients), live,
         "signs the certificates of this platform's accounts", {"data"});
  want(k8s::kinds::kSecret, operator_secret(layout_, wanted), live, "the operator shows it to brokers", {"data"});
  for (const auto& pool : layout_.kafka().node_pools)
    want(k8s::kinds::kSecret, pool_secret(layout_, pool, wanted), live,
         "the nodes of pool " + pool.name + " show them to each other and to clients", {"data"});
  want(k8s::kinds::kConfigMap, trust_config_map(layout_, wanted), observed_.children.config_maps,
       "clients trust the authority in it", {"data"});
}

// What nodes must be restarted for to trust, or be trusted, as controllers see it: the same for all nodes of a pool.
std::string Upkeep::quorum_trust(const api::NodePool& pool) const {
  const Certificates& wanted = observed_.certificates;
  const bool newest = std::ranges::all_of(wanted.pools.at(pool.name), [&](const auto& node) {
    return pki::is_signed_by(node.second.quorum.certificate, wanted.nodes.signing.certificate);
  });
  return stable_hash(wanted.nodes.signing.authorities + (newest ? "newest" : ""));
}

void Upkeep::config_map(const api::NodePool& pool) {
  want(k8s::kinds::kConfigMap, platform::config_map(layout_, pool, settled_[pool.name]), observed_.children.config_maps,
       "the nodes of pool " + pool.name + " start from it", {"data"});
}

void Upkeep::disruption_budgets() {
  const auto& live = observed_.children.disruption_budgets;
  std::set<std::string> wanted;
  for (Json& budget : platform::disruption_budgets(layout_)) {
    wanted.insert(budget["metadata"]["name"].get<std::string>());
    want(k8s::kinds::kPodDisruptionBudget, std::move(budget), live, "one node at a time may be evicted");
  }
  for (const auto& [name, budget] : live)
    if (!wanted.contains(name) && is_ours(budget))
      plan_.actions.push_back(DeleteObject{k8s::kinds::kPodDisruptionBudget,
                                           {layout_.platform().meta.ns, name},
                                           budget.at("metadata").value("uid", ""),
                                           "another budget covers its nodes"});
}

void Upkeep::volumes(const api::NodePool& pool) {
  for (const Node& node : layout_.nodes())
    if (node.pool == &pool) volume(node);
}

void Upkeep::stateful_set(const api::NodePool& pool, const std::string& image) {
  const auto& live = observed_.children.stateful_sets;
  Json wanted = platform::stateful_set(layout_, pool, image, replicas(pool), quorum_trust(pool));
  if (live.contains(layout_.stateful_set(pool)))  // these stay as they were born, or the server refuses the change
    for (const auto* field : {"serviceName", "podManagementPolicy", "selector", "volumeClaimTemplates"})
      wanted["spec"].erase(field);
  want(k8s::kinds::kStatefulSet, std::move(wanted), live, "runs the nodes of pool " + pool.name);
}

void Upkeep::unstick(const NodeReport& nodes) {
  const auto pod = observed_.children.pods.find(nodes.stuck);
  if (pod == observed_.children.pods.end()) return;
  plan_.actions.push_back(DeleteObject{k8s::kinds::kPod,
                                       {layout_.platform().meta.ns, nodes.stuck},
                                       pod->second.at("metadata").value("uid", ""),
                                       doing(pod->second) + "; the settings have changed since it was made"});
}

// Never fewer than there are with a place in the cluster: they hold data.
int Upkeep::replicas(const api::NodePool& pool) {
  const auto& settled = settled_[pool.name];
  const int held = settled.empty() ? 0 : *settled.rbegin() - pool.node_id_start + 1;
  if (held <= pool.replicas) return pool.replicas;
  plan_.status.conditions.set("ScaleInRefused", api::ConditionStatus::kTrue, "NodesHoldData",
                              "pool " + pool.name + " keeps its " + std::to_string(held) +
                                  " nodes: this version can't move replicas off a node",
                              layout_.platform().meta.generation, now_);
  return held;
}

bool Upkeep::is_ours(const Json& object) const {
  return is_child(object, layout_.platform());
}

void Upkeep::foreign(const std::string& object) {
  conflicts_.push_back(object + " exists and does not belong to this EventPlatform");
}

void Upkeep::want(const k8s::Resource& resource, Json wanted, const std::map<std::string, Json>& live,
                  const std::string& why, const std::set<std::string>& exact) {
  const k8s::ObjectKey key = k8s::key_of(wanted);
  const auto there = live.find(key.name);
  if (there == live.end()) {
    plan_.actions.push_back(CreateObject{resource, std::move(wanted), why});
  } else if (!is_ours(there->second)) {
    foreign(resource.kind + " " + key.name);
  } else {
    patch(resource, key, difference(wanted, there->second, exact), there->second);
  }
}

void Upkeep::patch(const k8s::Resource& resource, const k8s::ObjectKey& key, Json change, const Json& live) {
  // What is being deleted is made again when it is gone.
  if (change.empty() || live.at("metadata").contains("deletionTimestamp")) return;
  std::string differs;
  collect(change, "", differs);
  change["metadata"]["uid"] = live.at("metadata").value("uid", "");
  if (resource == k8s::kinds::kSecret)  // what it is made from is what was read
    change["metadata"]["resourceVersion"] = live.at("metadata").value("resourceVersion", "");
  plan_.actions.push_back(PatchObject{resource, key, std::move(change), "to be as planned in " + differs});
}

void Upkeep::volume(const Node& node) {
  Json wanted = volume_claim(layout_, node, settled_[node.pool->name]);
  const k8s::ObjectKey key = k8s::key_of(wanted);
  const auto there = observed_.children.volume_claims.find(key.name);
  if (there == observed_.children.volume_claims.end()) {
    plan_.actions.push_back(CreateObject{k8s::kinds::kPersistentVolumeClaim, std::move(wanted),
                                         "node " + std::to_string(node.id) + " keeps its data there"});
    return;
  }
  const Json& live = there->second;
  const std::string holds = annotation(node, kClusterIdAnnotation);
  if (holds != layout_.ids().cluster) {
    conflicts_.push_back("PersistentVolumeClaim " + key.name + " holds data of " +
                         (holds.empty() ? "something else" : "cluster " + holds));
    return;
  }
  // The rest of a claim can't change; a volume can only grow.
  const std::string now = requested_storage(live), then = requested_storage(wanted);
  wanted.erase("spec");
  Json change = difference(wanted, live);
  if (parse_quantity(then).value_or(0) > parse_quantity(now).value_or(0))
    change["spec"]["resources"]["requests"]["storage"] = then;
  // An owner from the time when the volume was to go with the platform.
  if (node.pool->storage.reclaim == api::Reclaim::kRetain && is_ours(live))
    change["metadata"]["ownerReferences"] = nullptr;
  patch(k8s::kinds::kPersistentVolumeClaim, key, std::move(change), live);
}

}  // namespace penstock::op::platform
