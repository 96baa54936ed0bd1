#include "autoscaler.hpp"

#include <penstock/operator/access.hpp>
#include <penstock/operator/consumer_scaler/observe.hpp>

namespace penstock::op::consumer_scaler {
namespace {

std::optional<Json> json_in(const k8s::Store<Json>& store, const k8s::ObjectKey& key) {
  const auto entry = store.get(key);
  if (!entry || !entry->has_value()) return std::nullopt;
  return **entry;
}

std::optional<std::string> access_denied(const api::ConsumerScaler& scaler, const api::EventPlatform& platform,
                                         const std::map<std::string, std::string>& labels) {
  const std::string& ns = scaler.meta.ns;
  if (auto no = denied(platform, ns, labels, NameKind::kGroup, scaler.spec.consumer_group)) return no;
  for (const std::string& topic : scaler.spec.topics)
    if (auto no = denied(platform, ns, labels, NameKind::kTopic, topic)) return no;
  return std::nullopt;
}

void look_at_platform(const Stores& stores, Observed& out) {
  const k8s::ObjectKey key = platform_of(out.scaler);
  const auto platform = stores.platforms.get(key);
  if (!platform || !platform->has_value()) {
    out.platform_problem = "there is no EventPlatform " + key.to_string() + "; create it, or correct `platformRef`";
    if (platform)
      out.platform_problem = "the EventPlatform " + key.to_string() + " can't be read: " + platform->error().what;
    return;
  }
  std::map<std::string, std::string> labels;
  if (const auto ns = json_in(stores.namespaces, {"", out.scaler.meta.ns})) {
    const Json on_it = ns->value("metadata", Json::object()).value("labels", Json::object());
    for (const auto& [name, value] : on_it.items())
      if (value.is_string()) labels[name] = value.get<std::string>();
  }
  out.denied = access_denied(out.scaler, **platform, labels);
}

// The ScaledObject that controls this HPA, if one does.
std::string scaled_object_of(const Json& autoscaler) {
  const Json owners = autoscaler.value("metadata", Json::object()).value("ownerReferences", Json::array());
  for (const Json& owner : owners)
    if (owner.value("kind", "") == "ScaledObject" && owner.value("controller", false)) return owner.value("name", "");
  return {};
}

bool owned_by_a_scaler(const Json& object) {
  const Json owners = object.value("metadata", Json::object()).value("ownerReferences", Json::array());
  return std::ranges::any_of(owners, [](const Json& owner) {
    return owner.value("kind", "") == api::ConsumerScaler::kKind && owner.value("controller", false);
  });
}

bool older(const api::Meta& a, const api::Meta& b) {
  return std::pair(a.created, a.uid) < std::pair(b.created, b.uid);
}

void look_at_rivals(const Eyes& eyes, Observed& out) {
  const api::Meta& meta = out.scaler.meta;
  const auto claims = eyes.targets.of(target_key(meta.ns, out.scaler.spec.target));
  const api::Meta* oldest = &meta;
  std::vector<k8s::Store<api::ConsumerScaler>::Entry> alive;
  for (const k8s::ObjectKey& key : claims.scalers) {
    auto entry = eyes.stores.scalers.get(key);
    if (!entry || !entry->has_value()) continue;
    const api::ConsumerScaler& other = **entry;
    if (other.meta.uid == meta.uid || other.meta.deleted || other.spec.mode == api::Mode::kObserve) continue;
    if (!older(other.meta, *oldest)) continue;
    alive.push_back(std::move(entry));
    oldest = &(*alive.back())->meta;
    out.owner = key.to_string();
  }
  // What another ConsumerScaler made is that one's matter, and so is the HPA that KEDA makes of a ScaledObject.
  for (const k8s::ObjectKey& key : claims.autoscalers) {
    const auto object = json_in(eyes.stores.autoscalers, key);
    if (!object || owned_by_a_scaler(*object) || !scaled_object_of(*object).empty()) continue;
    out.rivals.push_back("HorizontalPodAutoscaler " + key.name);
  }
  for (const k8s::ObjectKey& key : claims.scaled_objects) {
    const auto object = json_in(eyes.stores.scaled_objects, key);
    if (object && !owned_by_a_scaler(*object)) out.rivals.push_back("ScaledObject " + key.name);
  }
}

// The HPA that moves the replicas: ours, or the one that KEDA made for us.
std::optional<Json> moving_autoscaler(const Eyes& eyes, const Observed& o) {
  if (o.autoscaler) return o.autoscaler;
  if (!o.scaled_object) return std::nullopt;
  for (const k8s::ObjectKey& key : eyes.targets.of(target_key(o.scaler.meta.ns, o.scaler.spec.target)).autoscalers)
    if (auto object = json_in(eyes.stores.autoscalers, key); object && scaled_object_of(*object) == o.scaler.meta.name)
      return object;
  return std::nullopt;
}

// nullopt before the HPA was first looked at by its controller; an absent number is 0.
std::optional<int> replicas_in(const Json& autoscaler) {
  const Json status = autoscaler.value("status", Json::object());
  if (status.value("conditions", Json::array()).empty()) return std::nullopt;
  return status.value("currentReplicas", 0);
}

bool lost_target(const Json& autoscaler) {
  const Json conditions = autoscaler.value("status", Json::object()).value("conditions", Json::array());
  return std::ranges::any_of(conditions, [](const Json& condition) {
    return condition.value("reason", "") == "FailedGetScale" && condition.value("status", "") == "False";
  });
}

Result<void> read_scale(const Eyes& eyes, Observed& out, ReplicaSight::Seen& seen, std::stop_token stop) {
  const api::ScaleTarget& target = out.scaler.spec.target;
  const std::string name = target.kind + " " + out.scaler.meta.ns + "/" + target.name;
  const auto missing = [&](const Error& error) {
    out.replicas.reset();
    seen = {};
    out.target_problem = name + " can't be scaled: " + error.what + "; create it, or correct `scaleTargetRef`";
  };
  const auto resource = eyes.client.resolve(target.api_version, target.kind, stop);
  if (!resource) {
    if (resource.error().code != Code::kNotFound) return fail("looking for the kind of " + name, resource.error());
    missing(resource.error());
    return {};
  }
  const auto scale = eyes.client.call(k8s::get_scale(*resource, {out.scaler.meta.ns, target.name}), stop);
  if (!scale) {
    if (scale.error().code != Code::kNotFound) return fail("reading the replicas of " + name, scale.error());
    missing(scale.error());
    return {};
  }
  out.target = *resource;
  out.replicas = scale->value("spec", Json::object()).value("replicas", 0);
  seen.replicas = out.replicas;
  seen.at = eyes.clock.now();
  return {};
}

// How far the rules let Direct go now; /scale is read before anything is done about it.
Result<void> apply_rules(const Eyes& eyes, Observed& out, ReplicaSight::Seen& seen, std::stop_token stop) {
  if (choose_engine(out.scaler.spec.engine, out.facts).engine != api::Engine::kDirect) {
    seen.past = {};
    return {};
  }
  if (!out.decision || !out.decision->known()) return {};
  const scaling::Behavior behavior = scaling::behavior_of(out.scaler.spec.behavior);
  const auto allow = [&] {
    out.allowed.reset();
    if (!out.replicas || *out.replicas == 0) return;
    const scaling::Range within = bounds(out);
    out.allowed =
        seen.past.allowed(behavior, *out.replicas, out.decision->desired(), within.min, within.max, eyes.clock.now());
  };
  allow();
  if (!out.allowed || out.allowed == out.replicas || out.target) return {};
  if (auto read = read_scale(eyes, out, seen, stop); !read) return read;
  allow();
  return {};
}

}  // namespace

k8s::ObjectKey platform_of(const api::ConsumerScaler& scaler) {
  const api::PlatformRef& ref = scaler.spec.platform;
  return {ref.ns.empty() ? scaler.meta.ns : ref.ns, ref.name};
}

ReplicaSight::Seen ReplicaSight::get(const k8s::ObjectKey& key) const {
  std::lock_guard lock(mutex_);
  const auto found = seen_.find(key);
  return found == seen_.end() ? Seen{} : found->second;
}

void ReplicaSight::put(const k8s::ObjectKey& key, const Seen& seen) {
  std::lock_guard lock(mutex_);
  seen_[key] = seen;
}

void ReplicaSight::forget(const k8s::ObjectKey& key) {
  std::lock_guard lock(mutex_);
  seen_.erase(key);
}

bool must_read_scale(const Observed& o, const ReplicaSight::Seen& seen, SteadyTime now) {
  if (!seen.replicas) return true;
  if (o.scaler.spec.min_replicas == 0 && o.decision && o.decision->known() && !o.scaled_object) {
    if (*seen.replicas == 0 && o.decision->active()) return true;
    if (*seen.replicas > 0 && !o.decision->active() && o.decision->desired() == 0) return true;
  }
  const bool nobody_tells = *seen.replicas == 0 || !seen.by_autoscaler;
  return nobody_tells && now - seen.at >= kScaleCheck;
}

Result<Observed> observe(const api::ConsumerScaler& scaler, const Eyes& eyes, ReplicaSight& sight,
                         std::stop_token stop) {
  const k8s::ObjectKey key{scaler.meta.ns, scaler.meta.name};
  Observed out;
  out.scaler = scaler;
  look_at_platform(eyes.stores, out);
  out.facts = eyes.facts();
  Decisions::Heard heard = eyes.decision(key);
  if (heard.decision && heard.decision->uid() == scaler.meta.uid) out.decision = std::move(heard.decision);
  out.silence = heard.silence;
  out.feed_problem = eyes.feed_problem();
  out.autoscaler = json_in(eyes.stores.autoscalers, key);
  out.scaled_object = json_in(eyes.stores.scaled_objects, key);
  look_at_rivals(eyes, out);
  if (!out.platform_problem.empty() || out.denied) return out;

  ReplicaSight::Seen seen = sight.get(key);
  bool lost = false;
  if (const auto autoscaler = moving_autoscaler(eyes, out)) {
    lost = lost_target(*autoscaler);
    if (const auto told = replicas_in(*autoscaler); told && told != seen.by_autoscaler && !lost) {
      seen.replicas = seen.by_autoscaler = told;
      seen.at = eyes.clock.now();
    }
  } else {
    seen.by_autoscaler.reset();
  }
  out.replicas = seen.replicas;
  if (lost || must_read_scale(out, seen, eyes.clock.now())) {
    if (auto read = read_scale(eyes, out, seen, stop); !read) return std::unexpected(read.error());
  }
  if (auto ruled = apply_rules(eyes, out, seen, stop); !ruled) return std::unexpected(ruled.error());
  sight.put(key, seen);
  return out;
}

}  // namespace penstock::op::consumer_scaler
