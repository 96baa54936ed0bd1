#include <penstock/base/quantity.hpp>
#include <penstock/operator/platform/difference.hpp>
#include <penstock/operator/platform/nodes.hpp>
#include <penstock/operator/platform/parts.hpp>
#include <penstock/operator/platform/render.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

using api::ConditionStatus;

struct Refusal {
  std::string reason, message;
};

std::string join(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

std::expected<std::string, Refusal> choose_image(const Layout& layout) {
  const auto& [version, image, pools, listeners, config] = layout.kafka();
  const Settings& settings = layout.settings();
  const auto known = settings.default_images.find(version);
  if (known == settings.default_images.end()) {
    std::vector<std::string> versions;
    for (const auto& entry : settings.default_images) versions.push_back(entry.first);
    return std::unexpected(
        Refusal{"UnsupportedVersion", "Kafka " + version + " is not one that this operator runs: " +
                                          (versions.empty() ? "none is configured" : join(versions))});
  }
  if (image.empty()) return known->second;
  const bool allowed = std::ranges::any_of(settings.allowed_images,
                                           [&](const std::string& prefix) { return image.starts_with(prefix); });
  if (allowed) return image;
  return std::unexpected(Refusal{
      "ImageNotAllowed", "image " + image + " is not on the operator's list of allowed images: " +
                             (settings.allowed_images.empty() ? "the list is empty" : join(settings.allowed_images))});
}

// Compares the children as they should be with those that are, and writes down what must be done.
class Upkeep {
 public:
  Upkeep(PlatformPlan& plan, const Observed& observed, const Layout& layout)
      : plan_(plan), observed_(observed), layout_(layout) {}

  void services() {
    const auto& live = observed_.children.services;
    want(k8s::kinds::kService, nodes_service(layout_), live, "nodes find each other by it");
    want(k8s::kinds::kService, bootstrap_service(layout_), live, "clients find the cluster by it");
  }

  void config_map(const api::NodePool& pool) {
    const auto& live = observed_.children.config_maps;
    const auto there = live.find(layout_.stateful_set(pool));
    std::set<int> settled = there == live.end() ? std::set<int>{} : settled_nodes(there->second);
    for (const Node& node : layout_.nodes())
      if (node.pool == &pool && has_settled(node)) settled.insert(node.id);
    want(k8s::kinds::kConfigMap, platform::config_map(layout_, pool, settled), live,
         "the nodes of pool " + pool.name + " start from it", {"data"});
  }

  void disruption_budgets() {
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

  // Before the pods that use them: a claim that the StatefulSet made would not say whose data it holds.
  void volumes(const api::NodePool& pool) {
    for (const Node& node : layout_.nodes())
      if (node.pool == &pool) volume(node);
  }

  void stateful_set(const api::NodePool& pool, const std::string& image) {
    const auto& live = observed_.children.stateful_sets;
    const auto there = live.find(layout_.stateful_set(pool));
    int replicas = pool.replicas;
    if (there != live.end()) {
      const int now = there->second.at("spec").value("replicas", 1);
      if (now > replicas && is_ours(there->second))
        plan_.status.conditions.set("ScaleInRefused", ConditionStatus::kTrue, "NodesHoldData",
                                    "pool " + pool.name + " keeps its " + std::to_string(now) +
                                        " nodes: this version can't move replicas off a node",
                                    observed_.platform.meta.generation, now_);
      replicas = std::max(now, replicas);
    }
    Json wanted = platform::stateful_set(layout_, pool, image, replicas);
    if (there != live.end())  // these stay as they were born, or the API server refuses the whole change
      for (const auto* field : {"serviceName", "podManagementPolicy", "selector", "volumeClaimTemplates"})
        wanted["spec"].erase(field);
    want(k8s::kinds::kStatefulSet, std::move(wanted), live, "runs the nodes of pool " + pool.name);
  }

  void at(WallTime now) { now_ = now; }
  const std::vector<std::string>& conflicts() const { return conflicts_; }

 private:
  bool is_ours(const Json& object) const {
    for (const Json& owner : object.at("metadata").value("ownerReferences", Json::array()))
      if (owner.value("controller", false)) return owner.value("uid", "") == layout_.platform().meta.uid;
    return false;
  }

  // A node that was seen ready in a cluster that answers has its place in the quorum for good.
  bool has_settled(const Node& node) const {
    const auto pod = observed_.children.pods.find(node.pod);
    return observed_.answer && observed_.answer->cluster_id == layout_.ids().cluster &&
           pod != observed_.children.pods.end() && is_ready(pod->second);
  }

  void want(const k8s::Resource& resource, Json wanted, const std::map<std::string, Json>& live, const std::string& why,
            const std::set<std::string>& exact = {}) {
    const k8s::ObjectKey key = k8s::key_of(wanted);
    const auto there = live.find(key.name);
    if (there == live.end()) {
      plan_.actions.push_back(CreateObject{resource, std::move(wanted), why});
      return;
    }
    if (!is_ours(there->second)) {
      conflicts_.push_back(resource.kind + " " + key.name + " exists and does not belong to this EventPlatform");
      return;
    }
    if (there->second.at("metadata").contains("deletionTimestamp")) return;  // it is made again when it is gone
    patch(resource, key, difference(wanted, there->second, exact), there->second,
          "it differs from what the spec asks for");
  }

  void patch(const k8s::Resource& resource, const k8s::ObjectKey& key, Json change, const Json& live,
             const std::string& why) {
    if (change.empty()) return;
    change["metadata"]["uid"] = live.at("metadata").value("uid", "");
    plan_.actions.push_back(PatchObject{resource, key, std::move(change), why});
  }

  void volume(const Node& node) {
    Json wanted = volume_claim(layout_, node);
    const k8s::ObjectKey key = k8s::key_of(wanted);
    const auto there = observed_.children.volume_claims.find(key.name);
    if (there == observed_.children.volume_claims.end()) {
      plan_.actions.push_back(CreateObject{k8s::kinds::kPersistentVolumeClaim, std::move(wanted),
                                           "node " + std::to_string(node.id) + " keeps its data there"});
      return;
    }
    const Json& live = there->second;
    if (live.at("metadata").contains("deletionTimestamp")) return;
    const std::string holds =
        live.at("metadata").value("annotations", Json::object()).value("penstock.dev/cluster-id", "");
    if (holds != layout_.ids().cluster) {
      conflicts_.push_back("PersistentVolumeClaim " + key.name + " holds data of " +
                           (holds.empty() ? "something else" : "cluster " + holds));
      return;
    }
    // The rest of a claim can't change; a volume can only grow.
    const auto size = [](const Json& claim) {
      return claim.at("spec").at("resources").at("requests").value("storage", "");
    };
    const std::string now = size(live), then = size(wanted);
    wanted.erase("spec");
    Json change = difference(wanted, live);
    if (parse_quantity(then).value_or(0) > parse_quantity(now).value_or(0))
      change["spec"]["resources"]["requests"]["storage"] = then;
    patch(k8s::kinds::kPersistentVolumeClaim, key, std::move(change), live, "it differs from what the spec asks for");
  }

  PlatformPlan& plan_;
  const Observed& observed_;
  const Layout& layout_;
  WallTime now_{};
  std::vector<std::string> conflicts_;
};

// The ids that everything is made of are on record before anything is made.
void pin(PlatformPlan& plan, const Observed& observed, const Ids& ids) {
  plan.status.cluster_id = ids.cluster;
  plan.status.directory_ids = ids.directories;
  const auto& before = observed.platform.status;
  if (before.cluster_id == ids.cluster && before.directory_ids == ids.directories) return;
  plan.actions.push_back(
      record(observed.platform, plan.status, "its nodes are to be formatted for cluster " + ids.cluster));
}

std::optional<Refusal> keep_up(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now) {
  const auto image = choose_image(layout);
  if (!image) return image.error();
  hold_finalizer(plan, observed);
  pin(plan, observed, layout.ids());
  Upkeep upkeep(plan, observed, layout);
  upkeep.at(now);
  upkeep.services();
  std::vector<const api::NodePool*> pools;
  for (const auto& pool : layout.kafka().node_pools) pools.push_back(&pool);
  // Controllers first: a broker's new settings may need them, never the other way round.
  std::ranges::stable_partition(pools, [](const auto* pool) { return pool->has(api::Role::kController); });
  for (const auto* pool : pools) upkeep.config_map(*pool);
  upkeep.disruption_budgets();
  for (const auto* pool : pools) {
    upkeep.volumes(*pool);
    upkeep.stateful_set(*pool, *image);
  }
  if (upkeep.conflicts().empty()) {
    plan.status.conditions.remove("Conflict");
    return std::nullopt;
  }
  const Refusal conflict{"Conflict", join(upkeep.conflicts()) + ": rename it or delete it"};
  plan.status.conditions.set("Conflict", ConditionStatus::kTrue, conflict.reason, conflict.message,
                             observed.platform.meta.generation, now);
  return conflict;
}

void tell_addresses(PlatformPlan& plan, const Layout& layout) {
  plan.status.bootstrap_servers.clear();
  for (const auto& listener : layout.kafka().listeners)
    plan.status.bootstrap_servers[listener.name] = layout.address(layout.bootstrap_host(), listener.port);
}

std::string summary(const NodeReport& nodes) {
  return std::to_string(nodes.counts.ready) + " of " + std::to_string(nodes.counts.desired) + " nodes ready";
}

}  // namespace

PlatformPlan plan_managed(const Observed& observed, WallTime now) {
  PlatformPlan plan = start(observed);
  const Layout layout(observed, ids_of(observed));
  const NodeReport nodes = report(layout, observed.children);
  plan.status.nodes = nodes.counts;
  plan.status.conditions.remove("ScaleInRefused");
  tell_addresses(plan, layout);

  if (observed.answer && observed.answer->cluster_id != layout.ids().cluster) {
    wrong_cluster(plan, observed, now);
    return plan;
  }
  const auto refusal = keep_up(plan, observed, layout, now);
  // Whatever is wrong with the spec, a cluster that answers stays usable.
  if (observed.answer) {
    verified(plan, observed);
    plan.status.kafka_version = layout.kafka().version;
  }
  if (refusal) {
    not_ready(plan, observed, now, refusal->reason, refusal->message, true);
    return plan;
  }
  if (!nodes.waiting.empty()) {
    not_ready(plan, observed, now, "NodesNotReady", summary(nodes) + ": waiting for " + nodes.waiting);
    return plan;
  }
  if (!observed.answer) {
    unreachable(plan, observed, now, observed.answer.error());
    return plan;
  }
  std::string message = summary(nodes);
  if (!nodes.old.empty())
    message += "; " + std::to_string(nodes.old.size()) + " still with settings from before the last change (" +
               join(nodes.old) + "): delete these pods one by one, each after the one before is ready";
  ready(plan, observed, now, message);
  return plan;
}

}  // namespace penstock::op::platform
