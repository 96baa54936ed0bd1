// Who scales what: HPAs, ScaledObjects and ConsumerScalers by the target that they name. Kept by the stores' events,
// each of which wakes the ConsumerScalers of the target that it concerns.
#pragma once
#include <penstock/operator/sources.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace penstock::op::consumer_scaler {

// Namespace, API group, kind and name: the version does not tell objects apart.
std::string target_key(const std::string& ns, const api::ScaleTarget& target);
// Of an HPA or a ScaledObject; what ScaledObject leaves out is a Deployment of apps/v1.
api::ScaleTarget target_of(const Json& object);

class TargetIndex {
 public:
  struct Claims {
    std::set<k8s::ObjectKey> autoscalers, scaled_objects, scalers;
  };

  using Wake = std::function<void(const k8s::ObjectKey&)>;

  // Before the informers start; the stores outlive it.
  TargetIndex(Stores& stores, Wake wake);
  Claims of(const std::string& target) const;

 private:
  using Member = std::set<k8s::ObjectKey> Claims::*;
  void put(Member member, const k8s::ObjectKey& key, const std::string& target);
  void leave(Member member, const k8s::ObjectKey& key, const std::string& target);  // with the lock held

  Wake wake_;
  mutable std::mutex mutex_;
  std::map<std::string, Claims> claims_;
  std::map<std::pair<int, k8s::ObjectKey>, std::string> targets_;
};

}  // namespace penstock::op::consumer_scaler
