#include <penstock/operator/platforms.hpp>

namespace penstock::op {

void Platforms::subscribe(Listener listener) {
  listeners_.push_back(std::move(listener));
}

void Platforms::publish(Platform platform) {
  const auto key = platform.key;
  {
    std::lock_guard lock(mutex_);
    auto& slot = platforms_[key];
    const bool same = slot && slot->uid == platform.uid && slot->cluster_id == platform.cluster_id &&
                      slot->brokers == platform.brokers && slot->has_acls == platform.has_acls &&
                      slot->cluster == platform.cluster;
    if (same) return;
    slot = std::make_shared<const Platform>(std::move(platform));
  }
  for (const Listener& listener : listeners_) listener(key);
}

void Platforms::withdraw(const k8s::ObjectKey& key) {
  {
    std::lock_guard lock(mutex_);
    if (platforms_.erase(key) == 0) return;
  }
  for (const Listener& listener : listeners_) listener(key);
}

std::shared_ptr<const Platform> Platforms::find(const k8s::ObjectKey& key) const {
  std::lock_guard lock(mutex_);
  const auto found = platforms_.find(key);
  return found == platforms_.end() ? nullptr : found->second;
}

}  // namespace penstock::op
