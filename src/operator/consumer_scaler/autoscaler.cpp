#include "autoscaler.hpp"

#include <penstock/operator/difference.hpp>
#include <penstock/operator/sources.hpp>

#include <array>

namespace penstock::op::consumer_scaler {
namespace {

Json metadata(const api::Meta& meta) {
  return {{"name", meta.name},
          {"namespace", meta.ns},
          {"labels", {{kManagedBy, "penstock"}, {kScalerLabel, meta.name}}},
          {"ownerReferences", Json::array({api::owner_reference(api::ConsumerScaler::kKind, meta)})}};
}

Json at(const Json& object, std::initializer_list<const char*> path) {
  const Json* here = &object;
  for (const char* name : path) {
    if (!here->is_object() || !here->contains(name)) return nullptr;
    here = &(*here)[name];
  }
  return *here;
}

Json policy(const char* type, int value) {
  return {{"type", type}, {"value", value}, {"periodSeconds", 15}};
}

// One rule set with HPA's own defaults written out, so that a field that is taken out of the spec goes back to them.
Json render_rules(Json rules, bool up, bool tolerance, const Json& live) {
  if (!rules.is_object()) rules = Json::object();
  if (!rules.contains("selectPolicy")) rules["selectPolicy"] = "Max";
  if (!rules.contains("policies")) {
    rules["policies"] = Json::array({policy("Percent", 100)});
    if (up) rules["policies"].insert(rules["policies"].begin(), policy("Pods", 4));
  }
  if (up && !rules.contains("stabilizationWindowSeconds")) rules["stabilizationWindowSeconds"] = 0;
  if (!tolerance) {
    rules.erase("tolerance");
    return rules;
  }
  const Json wanted = rules.value("tolerance", Json("0"));
  const std::string text = wanted.is_string() ? wanted.get<std::string>() : wanted.dump();
  const Json there = at(live, {"tolerance"});
  const bool same = there.is_string() && same_quantity(text, there.get<std::string>());
  rules["tolerance"] = same ? there : Json(text);
  return rules;
}

Json render_behavior(const Json& spec, bool tolerance, const Json& live) {
  return {{"scaleUp", render_rules(at(spec, {"scaleUp"}), true, tolerance, at(live, {"scaleUp"}))},
          {"scaleDown", render_rules(at(spec, {"scaleDown"}), false, tolerance, at(live, {"scaleDown"}))}};
}

Json reference_to(const api::ScaleTarget& target) {
  return {{"apiVersion", target.api_version}, {"kind", target.kind}, {"name", target.name}};
}

// HPA does nothing while it is within a tenth of its target, and servers before 1.35 can't be told otherwise: the
// floor lifts it the last step.
int lifted_floor(const Observed& observed, int floor, bool tolerance) {
  if (tolerance || !observed.decision || !observed.decision->known() || !observed.replicas) return floor;
  const int desired = observed.decision->desired(), current = *observed.replicas;
  const bool inside = current > 0 && desired > current && (desired - current) * 10 <= current;
  return inside ? std::max(floor, desired) : floor;
}

}  // namespace

std::string canonical_quantity(std::int64_t value) {
  static constexpr std::array<const char*, 7> kSuffixes{"", "k", "M", "G", "T", "P", "E"};
  std::size_t power = 0;
  while (value != 0 && value % 1000 == 0 && power + 1 < kSuffixes.size()) {
    value /= 1000;
    ++power;
  }
  return std::to_string(value) + kSuffixes[power];
}

bool owned_by(const Json& object, const api::Meta& meta) {
  for (const Json& owner : at(object, {"metadata", "ownerReferences"}))
    if (owner.is_object() && owner.value("controller", false) && owner.value("uid", "") == meta.uid) return true;
  return false;
}

scaling::Range bounds(const Observed& observed) {
  const api::ConsumerScalerSpec& spec = observed.scaler.spec;
  const bool known = observed.decision && observed.decision->known();
  int cap = 0;
  if (spec.cap_to_partitions) cap = known ? observed.decision->cap() : observed.scaler.status.cap.value_or(0);
  return scaling::range_of(spec, cap);
}

Json render_autoscaler(const Observed& observed, const Json& live) {
  const api::ConsumerScaler& scaler = observed.scaler;
  const scaling::Range range = bounds(observed);
  const std::string threshold = std::to_string(scaler.spec.metric_target());
  const bool tolerance = observed.facts.tolerance;
  const Json metric = {
      {"type", "External"},
      {"external",
       {{"metric",
         {{"name", kMetricName},
          {"selector", {{"matchLabels", {{kScalerLabel, scaler.meta.name}, {kTargetLabel, threshold}}}}}}},
        {"target", {{"type", "AverageValue"}, {"averageValue", canonical_quantity(scaler.spec.metric_target())}}}}}};
  return {{"apiVersion", k8s::kinds::kHorizontalPodAutoscaler.api_version()},
          {"kind", k8s::kinds::kHorizontalPodAutoscaler.kind},
          {"metadata", metadata(scaler.meta)},
          {"spec",
           {{"scaleTargetRef", reference_to(scaler.spec.target)},
            {"minReplicas", std::min(lifted_floor(observed, range.min, tolerance), range.max)},
            {"maxReplicas", range.max},
            {"metrics", Json::array({metric})},
            {"behavior", render_behavior(scaler.spec.behavior, tolerance, at(live, {"spec", "behavior"}))}}}};
}

Json render_scaled_object(const Observed& observed, const Settings& settings, const Json& live) {
  const api::ConsumerScaler& scaler = observed.scaler;
  const scaling::Range range = bounds(observed);
  const bool tolerance = observed.facts.tolerance && observed.facts.keda_tolerance;
  const int floor = std::min(lifted_floor(observed, scaler.spec.min_replicas, tolerance), range.max);
  const Json behavior = render_behavior(scaler.spec.behavior, tolerance,
                                        at(live, {"spec", "advanced", "horizontalPodAutoscalerConfig", "behavior"}));
  const Json trigger = {
      {"type", "external-push"},
      {"metricType", "AverageValue"},
      {"metadata", {{"scalerAddress", settings.keda_scaler_address}, {"consumerScaler", scaler.meta.name}}},
      {"authenticationRef", {{"kind", k8s::kinds::kClusterTriggerAuthentication.kind}, {"name", kKedaAuthentication}}}};
  return {{"apiVersion", k8s::kinds::kScaledObject.api_version()},
          {"kind", k8s::kinds::kScaledObject.kind},
          {"metadata", metadata(scaler.meta)},
          {"spec",
           {{"scaleTargetRef", reference_to(scaler.spec.target)},
            {"minReplicaCount", floor},
            {"maxReplicaCount", range.max},
            {"pollingInterval", 5},
            // The cooldown is inside the scaler's own IsActive: a second one here would add to it.
            {"cooldownPeriod", 0},
            {"advanced",
             {{"restoreToOriginalReplicaCount", false}, {"horizontalPodAutoscalerConfig", {{"behavior", behavior}}}}},
            {"triggers", Json::array({trigger})}}}};
}

std::optional<Json> patch_of(const Json& rendered, const Json& live) {
  Json patch = difference(rendered, live, {"behavior", "scaleUp", "scaleDown"});
  if (patch.empty()) return std::nullopt;
  patch["metadata"]["uid"] = at(live, {"metadata", "uid"});
  return patch;
}

}  // namespace penstock::op::consumer_scaler
