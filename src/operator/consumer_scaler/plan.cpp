#include "autoscaler.hpp"
#include "status.hpp"

#include <penstock/operator/consumer_scaler/plan.hpp>
#include <penstock/operator/status_writer.hpp>

namespace penstock::op::consumer_scaler {
namespace {

using api::ConditionStatus;
using penstock::v1::Freshness;

class Planner {
 public:
  Planner(const Observed& observed, const Settings& settings, WallTime now)
      : o_(observed), settings_(settings), scaler_(observed.scaler), now_(now) {
    status().observed_generation = scaler_.meta.generation;
    status().plan.clear();
  }

  Plan<api::ConsumerScalerStatus> run() {
    tell_decision(status(), o_, now_);
    decide();
    for (Action& event : events(scaler_.status, status(), o_.decision.get())) plan_.actions.push_back(std::move(event));
    return std::move(plan_);
  }

 private:
  api::ConsumerScalerStatus& status() { return plan_.status; }
  bool known() const { return o_.decision && o_.decision->known(); }

  void ready(ConditionStatus value, const std::string& reason, const std::string& message, bool stalled = false) {
    set_ready(status().conditions, scaler_.meta.generation, now_, value, reason, message, stalled);
  }
  void look_again(Duration in) {
    if (!plan_.look_again || in < *plan_.look_again) plan_.look_again = in;
  }

  void decide() {
    if (scaler_.meta.name.size() > kLongestName)
      return ready(
          ConditionStatus::kFalse, "NameTooLong",
          "its name is the value of a label and must have at most 63 characters; make it anew with a shorter one",
          true);
    if (!o_.platform_problem.empty()) return ready(ConditionStatus::kFalse, "PlatformNotFound", o_.platform_problem);
    if (o_.denied) return ready(ConditionStatus::kFalse, "NotAllowed", *o_.denied, true);
    const Choice choice = choose_engine(scaler_.spec.engine, o_.facts);
    status().engine = choice.engine;
    status().engine_reason = choice.reason;
    if (scaler_.spec.mode == api::Mode::kObserve) {
      no_conflict();
      stand_aside("mode is Observe");
      return observing();
    }
    if (conflicting()) return;
    no_conflict();
    if (!choice.engine) return ready(ConditionStatus::kFalse, "EngineUnavailable", choice.reason, true);
    if (!o_.target_problem.empty()) {
      look_again(kScaleCheck);
      return ready(ConditionStatus::kFalse, "TargetNotFound", o_.target_problem);
    }
    switch (*choice.engine) {
      case api::Engine::kKeda:
        return keda();
      case api::Engine::kDirect:
        return direct();
      default:
        return native();
    }
  }

  bool conflicting() {
    std::string message;
    if (!o_.owner.empty()) {
      message = "its target is scaled by the ConsumerScaler " + o_.owner + ", which is older; delete one of the two";
    } else if (!o_.rivals.empty()) {
      message = "its target is scaled by the " + o_.rivals.front() + " already; delete that, or this ConsumerScaler";
    } else {
      return false;
    }
    conflict(message);
    stand_aside("somebody else scales the target");
    return true;
  }

  void conflict(const std::string& message) {
    status().conditions.set("Conflict", ConditionStatus::kTrue, "AlreadyScaled", message, scaler_.meta.generation,
                            now_);
    look_again(kConflictCheck);
    ready(ConditionStatus::kFalse, "Conflict", message, true);
  }

  void no_conflict() {
    status().conditions.set("Conflict", ConditionStatus::kFalse, "NoConflict", "nobody else scales the target",
                            scaler_.meta.generation, now_);
  }

  // What is ours goes; the workload keeps its replicas.
  void stand_aside(const std::string& why) {
    remove(k8s::kinds::kHorizontalPodAutoscaler, o_.autoscaler, why);
    remove(k8s::kinds::kScaledObject, o_.scaled_object, why);
  }

  // True while our object of this kind is there.
  bool remove(const k8s::Resource& resource, const std::optional<Json>& object, const std::string& why) {
    if (!object || !owned_by(*object, scaler_.meta)) return false;
    const Json& metadata = (*object)["metadata"];
    if (!metadata.contains("deletionTimestamp"))
      plan_.actions.push_back(
          DeleteObject{resource, {scaler_.meta.ns, scaler_.meta.name}, metadata.value("uid", ""), why});
    return true;
  }

  void observing() {
    look_again(kScaleCheck);  // somebody else moves the replicas
    if (waiting()) return;
    ready(ConditionStatus::kTrue, "Observing", "it decides and explains; mode Observe scales nothing");
  }

  // There is no decision to act on yet.
  bool waiting() {
    if (known()) return false;
    // Just after the operator's own start nothing is heard yet, which is no news about this object.
    if (!o_.decision && heard(o_) && scaler_.status.conditions.find("Ready")) return true;
    if (o_.decision && !o_.decision->error().empty()) {
      ready(ConditionStatus::kFalse, "SampleFailed", o_.decision->error());
      return true;
    }
    std::string why = "waiting for the first decision of penstock-scaler";
    if (!o_.feed_problem.empty()) why += ": " + o_.feed_problem;
    ready(ConditionStatus::kUnknown, "WaitingForDecision", why);
    return true;
  }

  // Makes or changes our object. False: there is none yet, or it is somebody else's.
  bool ensure(const k8s::Resource& resource, const std::optional<Json>& live, const Json& rendered) {
    if (!live) {
      plan_.actions.push_back(CreateObject{resource, rendered, "the first good decision is there"});
      return true;
    }
    if (!owned_by(*live, scaler_.meta)) {
      conflict("there is a " + resource.kind + " " + scaler_.meta.name + " that is not ours; delete or rename it");
      return false;
    }
    if ((*live)["metadata"].contains("deletionTimestamp")) return true;
    if (auto patch = patch_of(rendered, *live))
      plan_.actions.push_back(PatchObject{resource,
                                          {scaler_.meta.ns, scaler_.meta.name},
                                          std::move(*patch),
                                          "it differs from what the spec and the partitions say"});
    return true;
  }

  void keda() {
    remove(k8s::kinds::kHorizontalPodAutoscaler, o_.autoscaler, "the engine is Keda now");
    if (!o_.scaled_object && waiting()) return;
    if (!o_.scaled_object && !o_.facts.keda_access.empty())
      return ready(ConditionStatus::kFalse, "KedaAccess", o_.facts.keda_access);
    const Json rendered = render_scaled_object(o_, settings_, o_.scaled_object.value_or(Json()));
    if (ensure(k8s::kinds::kScaledObject, o_.scaled_object, rendered)) following();
  }

  void native() {
    if (remove(k8s::kinds::kScaledObject, o_.scaled_object, "the engine is Native now"))
      return ready(ConditionStatus::kFalse, "ChangingEngine", "waiting until the ScaledObject is gone");
    if (!o_.autoscaler && waiting()) return;
    scale_from_and_to_zero();
    if (!o_.facts.external_metrics.ours)
      return ready(ConditionStatus::kFalse, "MetricsApiMissing",
                   "waiting until the APIService v1beta1.external.metrics.k8s.io is there");
    const Json rendered = render_autoscaler(o_, o_.autoscaler.value_or(Json()));
    if (ensure(k8s::kinds::kHorizontalPodAutoscaler, o_.autoscaler, rendered)) following();
  }

  void direct() {
    remove(k8s::kinds::kHorizontalPodAutoscaler, o_.autoscaler, "the engine is Direct now");
    if (remove(k8s::kinds::kScaledObject, o_.scaled_object, "the engine is Direct now"))
      return ready(ConditionStatus::kFalse, "ChangingEngine", "waiting until the ScaledObject is gone");
    if (waiting()) return;
    scale_from_and_to_zero();
    scale_by_rules();
    following();
  }

  // What an autoscaler would do of each decision at once. An old or unknown one moves nothing, and only a fresh one of
  // this spec, or its fallback, takes replicas away.
  void scale_by_rules() {
    look_again(kScaleCheck);
    if (!o_.allowed || !o_.target || !known() || !heard(o_)) return;
    const Decision& d = *o_.decision;
    if (d.desired() == 0) return;  // the last step is the cooldown's
    const int current = *o_.replicas, wanted = *o_.allowed;
    if (d.desired() != wanted) look_again(kRuleCheck);
    const bool good = d.freshness() == Freshness::FRESH || d.freshness() == Freshness::FALLBACK;
    const bool current_spec = d.generation() == scaler_.meta.generation;
    if (wanted == current || (wanted < current && !(good && current_spec))) return;
    scale(current, wanted, d);
  }

  // HPA neither leaves 0 nor goes there. A decision that is old or unknown moves nothing.
  void scale_from_and_to_zero() {
    if (scaler_.spec.min_replicas > 0 || !o_.replicas || !o_.target || !known() || !heard(o_)) return;
    const Decision& d = *o_.decision;
    const int current = *o_.replicas;
    if (current == 0) look_again(kScaleCheck);
    int wanted = current;
    if (current == 0 && d.active()) wanted = scaling::first_replicas(scaler_.spec, d.desired(), bounds(o_));
    const bool current_spec = d.generation() == scaler_.meta.generation;
    if (current > 0 && !d.active() && d.desired() == 0 && d.freshness() == Freshness::FRESH && current_spec) wanted = 0;
    if (wanted == current) return;
    scale(current, wanted, d);
  }

  void scale(int from, int to, const Decision& why) {
    plan_.actions.push_back(SetScale{*o_.target, {scaler_.meta.ns, scaler_.spec.target.name}, from, to, in_words(why)});
  }

  void following() {
    if (waiting()) return;
    const api::Condition* stale = status().conditions.find("Stale");
    if (stale && stale->status == ConditionStatus::kTrue)
      return ready(ConditionStatus::kFalse, stale->reason, stale->message);
    if (scaler_.spec.min_replicas > 0 && o_.replicas == 0)
      return ready(
          ConditionStatus::kFalse, "ScaledToZero",
          "the target was set to 0 replicas, which switches its autoscaler off while `minReplicas` is above 0; "
          "scale it to 1 to switch it on");
    if (auto problem = autoscaler_problem()) return ready(ConditionStatus::kFalse, problem->first, problem->second);
    ready(ConditionStatus::kTrue, "Following", "replicas follow the lag of the group " + scaler_.spec.consumer_group);
  }

  // What the HPA or the ScaledObject itself complains about.
  std::optional<std::pair<std::string, std::string>> autoscaler_problem() const {
    if (status_engine() == api::Engine::kDirect) return std::nullopt;
    const bool native = status_engine() == api::Engine::kNative;
    const std::optional<Json>& object = native ? o_.autoscaler : o_.scaled_object;
    if (!object) return std::nullopt;
    const Json conditions = object->value("status", Json::object()).value("conditions", Json::array());
    for (const Json& condition : conditions) {
      const std::string type = condition.value("type", ""), reason = condition.value("reason", "");
      if (condition.value("status", "") != "False" || reason == "ScalingDisabled") continue;
      if (native ? type == "ScalingActive" || type == "AbleToScale" : type == "Ready")
        return std::pair{native ? "AutoscalerFailing" : "ScaledObjectFailing", condition.value("message", reason)};
    }
    return std::nullopt;
  }
  std::optional<api::Engine> status_engine() const { return plan_.status.engine; }

  const Observed& o_;
  const Settings& settings_;
  const api::ConsumerScaler& scaler_;
  WallTime now_;
  Plan<api::ConsumerScalerStatus> plan_{{}, o_.scaler.status, {}};
};

}  // namespace

Plan<api::ConsumerScalerStatus> plan(const Observed& observed, const Settings& settings, WallTime now) {
  return Planner(observed, settings, now).run();
}

}  // namespace penstock::op::consumer_scaler
