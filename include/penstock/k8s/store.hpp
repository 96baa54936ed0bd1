// The last known state of all objects of one kind, parsed. A list replaces everything at once when it is complete; what
// the list no longer has is reported as deleted. An object that can't be parsed is kept as its error and does not
// disturb the others. One writer (the informer's thread), any number of readers.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/k8s/watcher.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace penstock::k8s {

template <class T>
class Store {
 public:
  using Parse = std::function<Result<T>(const Json&)>;
  using Entry = std::shared_ptr<const Result<T>>;
  // The keys that changed, after the store has them. Called on the writer's thread, no lock held.
  using Listener = std::function<void(const ObjectKey&)>;

  explicit Store(Parse parse) : parse_(std::move(parse)) {}

  void subscribe(Listener listener) { listeners_.push_back(std::move(listener)); }  // before the informer starts

  // nullptr when there is none.
  Entry get(const ObjectKey& key) const {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : found->second;
  }

  // A copy of it; where there is none, or it could not be parsed, an error that names the kind and the key.
  Result<T> require(const ObjectKey& key, const std::string& kind, const std::string& who_makes_it) const {
    const Entry entry = get(key);
    const std::string which = kind + " " + key.to_string();
    if (!entry) return fail(Code::kUnavailable, which + " is not there yet: " + who_makes_it + " makes it");
    if (!*entry) return fail(which, entry->error());
    return **entry;
  }

  std::vector<std::pair<ObjectKey, Entry>> all() const {
    std::lock_guard lock(mutex_);
    return {entries_.begin(), entries_.end()};
  }

  // Whether a first list is complete.
  bool synced() const {
    std::lock_guard lock(mutex_);
    return synced_;
  }

  void on(const WatchEvent& event) {
    using Type = WatchEvent::Type;
    switch (event.type) {
      case Type::kInit:
        pending_.clear();
        return;
      case Type::kInitApply:
        pending_[key_of(event.object)] = parse(event.object);
        return;
      case Type::kInitDone:
        return swap();
      case Type::kApply:
        return put(key_of(event.object), parse(event.object));
      case Type::kDelete:
        return put(key_of(event.object), nullptr);
    }
  }

 private:
  Entry parse(const Json& object) const { return std::make_shared<const Result<T>>(parse_(object)); }

  void put(const ObjectKey& key, Entry entry) {
    {
      std::lock_guard lock(mutex_);
      if (entry) {
        entries_[key] = std::move(entry);
      } else {
        entries_.erase(key);
      }
    }
    notify(key);
  }

  void swap() {
    std::map<ObjectKey, Entry> old;
    std::vector<ObjectKey> touched;
    {
      std::lock_guard lock(mutex_);
      old = std::exchange(entries_, std::exchange(pending_, {}));
      synced_ = true;
      for (const auto& [key, entry] : entries_) touched.push_back(key);
      for (const auto& [key, entry] : old)
        if (!entries_.contains(key)) touched.push_back(key);
    }
    for (const ObjectKey& key : touched) notify(key);
  }

  void notify(const ObjectKey& key) {
    for (const Listener& listener : listeners_) listener(key);
  }

  Parse parse_;
  std::vector<Listener> listeners_;
  std::map<ObjectKey, Entry> pending_;
  mutable std::mutex mutex_;
  std::map<ObjectKey, Entry> entries_;
  bool synced_ = false;
};

}  // namespace penstock::k8s
