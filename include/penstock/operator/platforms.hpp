// The Kafka clusters that the operator may write to at this moment. The EventPlatform controller alone publishes them,
// after it has seen that the cluster that answers is the one whose id is pinned; it withdraws them when that is no
// longer so. The other controllers only use what is published. Any thread.
#pragma once
#include <penstock/api/event_platform.hpp>
#include <penstock/k8s/resource.hpp>
#include <penstock/kafka/cluster.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace penstock::op {

struct Platform {
  k8s::ObjectKey key;
  std::string uid;
  std::string cluster_id;
  int brokers = 0;
  bool has_acls = false;
  std::shared_ptr<kafka::Cluster> cluster;
};

class Platforms {
 public:
  using Listener = std::function<void(const k8s::ObjectKey&)>;

  void subscribe(Listener listener);  // before the controllers start; called without a lock held
  void publish(Platform platform);
  void withdraw(const k8s::ObjectKey& key);
  // nullptr: not ready to be written to.
  std::shared_ptr<const Platform> find(const k8s::ObjectKey& key) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Listener> listeners_;
  std::map<k8s::ObjectKey, std::shared_ptr<const Platform>> platforms_;
};

}  // namespace penstock::op
