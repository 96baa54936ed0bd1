#include "wiring.hpp"

#include <penstock/operator/consumer_scaler/observe.hpp>
#include <penstock/operator/topic/observe.hpp>

namespace penstock::op {
namespace {

template <class T, class Concerns>
void enqueue_all(const k8s::Store<T>& store, const Enqueue& enqueue, const Concerns& concerns) {
  for (const auto& [key, entry] : store.all())
    if (entry->has_value() && concerns(key, **entry)) enqueue(key);
}

// Of a platform, for those that use it.
std::string platform_fingerprint(const k8s::Store<api::EventPlatform>& store, const k8s::ObjectKey& key) {
  const auto entry = store.get(key);
  if (!entry) return "absent";
  if (!entry->has_value()) return "broken: " + entry->error().what;
  const api::Condition* ready = (*entry)->status.conditions.find("Ready");
  return fingerprint((*entry)->meta) + (ready ? ready->reason : "");
}

std::string namespace_fingerprint(const k8s::Store<Json>& store, const k8s::ObjectKey& key) {
  const auto entry = store.get(key);
  if (!entry || !entry->has_value()) return "absent";
  const Json metadata = (*entry)->value("metadata", Json::object());
  return metadata.value("labels", Json::object()).dump() + metadata.value("deletionTimestamp", "");
}

}  // namespace

bool Changes::news(const k8s::ObjectKey& key, const std::string& fingerprint) {
  std::lock_guard lock(mutex_);
  std::string& last = last_[key];
  if (last == fingerprint) return false;
  last = fingerprint;
  return true;
}

std::string fingerprint(const api::Meta& meta) {
  Json wishes = {meta.uid, meta.generation, meta.annotations, meta.finalizers, meta.deleted.has_value()};
  return wishes.dump();
}

void wire_topics(Stores& stores, Platforms& platforms, Enqueue enqueue) {
  stores.topics.subscribe([&stores, enqueue, changes = std::make_shared<Changes>()](const k8s::ObjectKey& key) {
    const auto entry = stores.topics.get(key);
    const std::string now = !entry ? "absent" : !*entry ? entry->error().what : fingerprint((*entry)->meta);
    if (changes->news(key, now)) enqueue(key);
  });
  const auto of_platform = [&stores, enqueue](const k8s::ObjectKey& platform) {
    enqueue_all(stores.topics, enqueue,
                [&](const auto&, const api::Topic& topic) { return topic::platform_of(topic) == platform; });
  };
  platforms.subscribe(of_platform);
  stores.platforms.subscribe([&stores, of_platform, changes = std::make_shared<Changes>()](const k8s::ObjectKey& key) {
    if (changes->news(key, platform_fingerprint(stores.platforms, key))) of_platform(key);
  });
  stores.namespaces.subscribe([&stores, enqueue, changes = std::make_shared<Changes>()](const k8s::ObjectKey& key) {
    if (!changes->news(key, namespace_fingerprint(stores.namespaces, key))) return;
    enqueue_all(stores.topics, enqueue, [&](const k8s::ObjectKey& topic, const auto&) { return topic.ns == key.name; });
  });
}

void wire_scalers(Stores& stores, Enqueue enqueue) {
  stores.platforms.subscribe([&stores, enqueue, changes = std::make_shared<Changes>()](const k8s::ObjectKey& key) {
    if (!changes->news(key, platform_fingerprint(stores.platforms, key))) return;
    enqueue_all(stores.scalers, enqueue, [&](const auto&, const api::ConsumerScaler& scaler) {
      return consumer_scaler::platform_of(scaler) == key;
    });
  });
  stores.namespaces.subscribe([&stores, enqueue, changes = std::make_shared<Changes>()](const k8s::ObjectKey& key) {
    if (!changes->news(key, namespace_fingerprint(stores.namespaces, key))) return;
    enqueue_all(stores.scalers, enqueue,
                [&](const k8s::ObjectKey& scaler, const auto&) { return scaler.ns == key.name; });
  });
}

}  // namespace penstock::op
