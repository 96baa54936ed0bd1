#include "upkeep.hpp"

#include <penstock/operator/platform/nodes.hpp>
#include <penstock/operator/platform/parts.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

using api::ConditionStatus;

struct Refusal {
  std::string reason, message;
};

std::expected<std::string, Refusal> choose_image(const Layout& layout) {
  const std::string &version = layout.kafka().version, &image = layout.kafka().image;
  const Settings& settings = layout.settings();
  const auto known = settings.default_images.find(version);
  if (known == settings.default_images.end()) {
    std::string versions;
    for (const auto& [known_version, its_image] : settings.default_images)
      versions.append(versions.empty() ? "" : ", ").append(known_version);
    return std::unexpected(Refusal{"UnsupportedVersion", "Kafka " + version +
                                                             " is not one that this operator runs; those are: " +
                                                             (versions.empty() ? "none" : versions)});
  }
  if (image.empty()) return known->second;
  const bool allowed = std::ranges::any_of(settings.allowed_images,
                                           [&](const std::string& prefix) { return image.starts_with(prefix); });
  if (allowed) return image;
  return std::unexpected(
      Refusal{"ImageNotAllowed",
              "image " + image + " is not on the operator's list of allowed images: " +
                  (settings.allowed_images.empty() ? "the list is empty" : join(settings.allowed_images, ", "))});
}

// The ids that everything is made of are on record before anything is made.
void pin(PlatformPlan& plan, const Observed& observed, const Ids& ids) {
  plan.status.cluster_id = ids.cluster;
  plan.status.directory_ids = ids.directories;
  const auto& before = observed.platform.status;
  if (before.cluster_id == ids.cluster && before.directory_ids == ids.directories) return;
  plan.actions.push_back(
      record(observed.platform, plan.status, "its nodes are to be formatted for cluster " + ids.cluster));
}

std::optional<Refusal> refuse_conflicts(PlatformPlan& plan, const Observed& observed, const Upkeep& upkeep,
                                        WallTime now) {
  if (upkeep.conflicts().empty()) {
    plan.status.conditions.remove("Conflict");
    return std::nullopt;
  }
  Refusal conflict{"Conflict", join(upkeep.conflicts(), ", ") + ": rename it or delete it"};
  plan.status.conditions.set("Conflict", ConditionStatus::kTrue, conflict.reason, conflict.message,
                             observed.platform.meta.generation, now);
  return conflict;
}

std::optional<Refusal> keep_up(PlatformPlan& plan, const Observed& observed, const Layout& layout,
                               const NodeReport& nodes, WallTime now) {
  const auto image = choose_image(layout);
  // Nothing is begun that can't be brought to an end; what is there is kept up all the same.
  if (!image && observed.held.nodes.signing.key.empty()) return image.error();
  hold_finalizer(plan, observed);
  pin(plan, observed, layout.ids());
  Upkeep upkeep(plan, observed, layout, now);
  upkeep.certificates();
  // Without an authority that is kept nothing else has a meaning.
  if (auto conflict = refuse_conflicts(plan, observed, upkeep, now)) return conflict;
  if (!image) return image.error();
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
  upkeep.unstick(nodes);
  return refuse_conflicts(plan, observed, upkeep, now);
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
  plan.unsettled = nodes.ready_brokers < nodes.brokers;
  plan.status.conditions.remove("ScaleInRefused");
  tell_addresses(plan, layout);

  if (observed.answer && observed.answer->cluster_id != layout.ids().cluster) {
    wrong_cluster(plan, observed, now);
    return plan;
  }
  const auto refusal = keep_up(plan, observed, layout, nodes, now);
  // Whatever is wrong with the spec, a cluster that answers stays usable.
  if (observed.answer) {
    keep_scaler_access(plan, observed);
    verified(plan, observed);
    plan.status.kafka_version = layout.kafka().version;
  }
  certificates_in_use(plan, observed, layout, now);
  keep_accounts(plan, observed, layout, now);
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
               join(nodes.old, ", ") + "): delete these pods one by one, each after the one before is ready";
  ready(plan, observed, now, message);
  return plan;
}

}  // namespace penstock::op::platform
