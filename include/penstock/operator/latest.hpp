// The newest state of an object that we write to ourselves. A store may still hold what was there before our own last
// write, and a ledger read from it would forget what was just recorded: after a write the object is read from the API
// server until the store shows the very same version.
#pragma once
#include <penstock/k8s/client.hpp>
#include <penstock/k8s/store.hpp>

#include <memory>
#include <mutex>
#include <set>

namespace penstock::op {

template <class T>
class Latest {
 public:
  using Parse = Result<T> (*)(const Json&);
  Latest(k8s::Resource resource, const k8s::Store<T>& store, k8s::Client client, Parse parse)
      : resource_(std::move(resource)), store_(store), client_(std::move(client)), parse_(parse) {}

  // nullptr: there is none. An object that can't be parsed is its error.
  Result<std::shared_ptr<const T>> read(const k8s::ObjectKey& key, std::stop_token stop) {
    const auto entry = store_.get(key);
    const bool cached = entry && entry->has_value();
    if (!wrote_before(key)) {
      if (!entry) return nullptr;
      if (!cached) return std::unexpected(entry->error());
      return std::shared_ptr<const T>(entry, &**entry);
    }
    const auto object = client_.find(resource_, key, stop);
    if (!object) return std::unexpected(object.error());
    if (!object->has_value()) {
      forget(key);
      return nullptr;
    }
    Result<T> live = parse_(**object);
    if (!live) return std::unexpected(live.error());
    if (cached && (*entry)->meta.resource_version == live->meta.resource_version) forget(key);
    return std::make_shared<const T>(std::move(*live));
  }

  // To be called before each write to the object.
  void writing(const k8s::ObjectKey& key) {
    std::lock_guard lock(mutex_);
    written_.insert(key);
  }

 private:
  bool wrote_before(const k8s::ObjectKey& key) const {
    std::lock_guard lock(mutex_);
    return written_.contains(key);
  }
  void forget(const k8s::ObjectKey& key) {
    std::lock_guard lock(mutex_);
    written_.erase(key);
  }

  k8s::Resource resource_;
  const k8s::Store<T>& store_;
  k8s::Client client_;
  Parse parse_;
  mutable std::mutex mutex_;
  std::set<k8s::ObjectKey> written_;
};

}  // namespace penstock::op
