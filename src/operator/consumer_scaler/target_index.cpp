#include <penstock/operator/consumer_scaler/target_index.hpp>

namespace penstock::op::consumer_scaler {
namespace {

int number_of(std::set<k8s::ObjectKey> TargetIndex::Claims::* member) {
  if (member == &TargetIndex::Claims::autoscalers) return 0;
  return member == &TargetIndex::Claims::scaled_objects ? 1 : 2;
}

std::string target_in(const k8s::Store<Json>& store, const k8s::ObjectKey& key) {
  const auto entry = store.get(key);
  return entry && entry->has_value() ? target_key(key.ns, target_of(**entry)) : std::string();
}

}  // namespace

std::string target_key(const std::string& ns, const api::ScaleTarget& target) {
  const auto slash = target.api_version.find('/');
  const std::string group = slash == std::string::npos ? "" : target.api_version.substr(0, slash);
  return ns + '/' + group + '/' + target.kind + '/' + target.name;
}

api::ScaleTarget target_of(const Json& object) {
  const Json ref = object.value("spec", Json::object()).value("scaleTargetRef", Json::object());
  return {ref.value("apiVersion", "apps/v1"), ref.value("kind", "Deployment"), ref.value("name", "")};
}

TargetIndex::TargetIndex(Stores& stores, Wake wake) : wake_(std::move(wake)) {
  stores.autoscalers.subscribe([this, &store = stores.autoscalers](const k8s::ObjectKey& key) {
    put(&Claims::autoscalers, key, target_in(store, key));
  });
  stores.scaled_objects.subscribe([this, &store = stores.scaled_objects](const k8s::ObjectKey& key) {
    put(&Claims::scaled_objects, key, target_in(store, key));
  });
  stores.scalers.subscribe([this, &store = stores.scalers](const k8s::ObjectKey& key) {
    const auto entry = store.get(key);
    const bool there = entry && entry->has_value();
    put(&Claims::scalers, key, there ? target_key(key.ns, (*entry)->spec.target) : std::string());
  });
}

void TargetIndex::put(Member member, const k8s::ObjectKey& key, const std::string& target) {
  std::set<k8s::ObjectKey> concerned;
  {
    std::lock_guard lock(mutex_);
    const std::pair slot{number_of(member), key};
    std::string before;
    if (const auto found = targets_.find(slot); found != targets_.end()) before = found->second;
    for (const std::string& each : {before, target})
      if (const auto claims = claims_.find(each); claims != claims_.end())
        concerned.insert(claims->second.scalers.begin(), claims->second.scalers.end());
    if (before != target) {
      if (!before.empty()) leave(member, key, before);
      if (!target.empty()) (claims_[target].*member).insert(key);
    }
    if (target.empty()) {
      targets_.erase(slot);
    } else {
      targets_[slot] = target;
    }
  }
  for (const k8s::ObjectKey& scaler : concerned) wake_(scaler);
  if (member == &Claims::scalers && !concerned.contains(key)) wake_(key);
}

void TargetIndex::leave(Member member, const k8s::ObjectKey& key, const std::string& target) {
  const auto found = claims_.find(target);
  if (found == claims_.end()) return;
  Claims& left = found->second;
  (left.*member).erase(key);
  if (left.autoscalers.empty() && left.scaled_objects.empty() && left.scalers.empty()) claims_.erase(found);
}

TargetIndex::Claims TargetIndex::of(const std::string& target) const {
  std::lock_guard lock(mutex_);
  const auto found = claims_.find(target);
  return found == claims_.end() ? Claims{} : found->second;
}

}  // namespace penstock::op::consumer_scaler
