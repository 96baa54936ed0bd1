#include <penstock/operator/sources.hpp>

namespace penstock::op {

bool Stores::synced(bool keda) const {
  return platforms.synced() && topics.synced() && scalers.synced() && stateful_sets.synced() && pods.synced() &&
         services.synced() && config_maps.synced() && disruption_budgets.synced() && volume_claims.synced() &&
         certificates.synced() && autoscalers.synced() && namespaces.synced() && (!keda || scaled_objects.synced());
}

}  // namespace penstock::op
