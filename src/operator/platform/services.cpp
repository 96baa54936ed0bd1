#include <penstock/operator/platform/render.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

Json port(const std::string& name, int number) {
  return {{"name", name}, {"port", number}, {"targetPort", number}, {"protocol", "TCP"}};
}

Json ports(const Layout& layout, bool with_controller) {
  Json out = Json::array();
  if (with_controller) out.push_back(port("controller", kControllerPort));
  out.push_back(port("internal", kInternalPort));
  for (const auto& listener : layout.kafka().listeners) out.push_back(port(listener.name, listener.port));
  return out;
}

Json service(const Layout& layout, const std::string& name, Json spec) {
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", layout.metadata(name, layout.labels())},
          {"spec", std::move(spec)}};
}

Json budget(const Layout& layout, const std::string& name, Json labels) {
  labels[std::string(kPlatformLabel)] = layout.platform().meta.name;
  return {{"apiVersion", "policy/v1"},
          {"kind", "PodDisruptionBudget"},
          {"metadata", layout.metadata(layout.platform().meta.name + "-" + name, layout.labels())},
          {"spec", {{"maxUnavailable", 1}, {"selector", {{"matchLabels", std::move(labels)}}}}}};
}

}  // namespace

// Gives each node an address of its own, also while it is not ready: nodes must find each other to become so.
Json nodes_service(const Layout& layout) {
  return service(layout, layout.nodes_service(),
                 {{"type", "ClusterIP"},
                  {"clusterIP", "None"},
                  {"publishNotReadyAddresses", true},
                  {"selector", {{std::string(kPlatformLabel), layout.platform().meta.name}}},
                  {"ports", ports(layout, true)}});
}

// The way in: any ready broker.
Json bootstrap_service(const Layout& layout) {
  return service(
      layout, layout.bootstrap_service(),
      {{"type", "ClusterIP"},
       {"selector", {{std::string(kPlatformLabel), layout.platform().meta.name}, {std::string(kBrokerLabel), "true"}}},
       {"ports", ports(layout, false)}});
}

// An eviction is refused for a pod that two budgets select, so each pod has one: where nodes are both, one for all.
std::vector<Json> disruption_budgets(const Layout& layout) {
  if (layout.has_combined()) return {budget(layout, "all-nodes", Json::object())};
  return {budget(layout, "all-controllers", {{std::string(kControllerLabel), "true"}}),
          budget(layout, "all-brokers", {{std::string(kBrokerLabel), "true"}})};
}

}  // namespace penstock::op::platform
