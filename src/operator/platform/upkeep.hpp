// Compares the children of a platform as they should be with those that are, and writes down what must be done. Pure.
#pragma once
#include <penstock/operator/platform/nodes.hpp>
#include <penstock/operator/platform/plan.hpp>
#include <penstock/operator/platform/render.hpp>

namespace penstock::op::platform {

class Upkeep {
 public:
  // All must outlive it; actions and conditions go into the plan.
  Upkeep(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now);

  void services();
  // Before the pods that show them.
  void certificates();
  void config_map(const api::NodePool& pool);
  void disruption_budgets();
  // Before the pods that use them: what a StatefulSet makes does not say whose data it holds.
  void volumes(const api::NodePool& pool);
  void stateful_set(const api::NodePool& pool, const std::string& image);
  // A pod that can't start keeps its old settings for ever, as nobody else deletes it: the repair must reach it.
  void unstick(const NodeReport& nodes);

  // Objects that have a child's name and are somebody else's, in words. They are not touched.
  const std::vector<std::string>& conflicts() const { return conflicts_; }

 private:
  bool is_ours(const Json& object) const;
  void foreign(const std::string& object);
  std::set<int> settled(const api::NodePool& pool) const;
  std::string annotation(const Node& node, std::string_view name) const;  // of its volume; empty when there is none
  int replicas(const api::NodePool& pool);
  std::string quorum_trust(const api::NodePool& pool) const;
  void volume(const Node& node);
  void want(const k8s::Resource& resource, Json wanted, const std::map<std::string, Json>& live, const std::string& why,
            const std::set<std::string>& exact = {});
  void patch(const k8s::Resource& resource, const k8s::ObjectKey& key, Json change, const Json& live);

  PlatformPlan& plan_;
  const Observed& observed_;
  const Layout& layout_;
  WallTime now_;
  std::map<std::string, std::set<int>> settled_;  // by pool
  std::vector<std::string> conflicts_;
};

}  // namespace penstock::op::platform
