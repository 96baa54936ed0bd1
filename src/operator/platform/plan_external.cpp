#include <penstock/operator/platform/layout.hpp>
#include <penstock/operator/platform/parts.hpp>

namespace penstock::op::platform {

PlatformPlan plan_external(const Observed& observed, WallTime now) {
  const api::EventPlatform& platform = observed.platform;
  PlatformPlan plan = start(observed);
  plan.status.bootstrap_servers = {{"external", join(platform.spec.external->bootstrap_servers, ",")}};
  if (!observed.connection) {
    not_ready(plan, observed, now, "CredentialsMissing", observed.connection.error().what);
    plan.back_off = true;
    return plan;
  }
  if (!observed.answer) {
    unreachable(plan, observed, now, observed.answer.error());
    return plan;
  }
  if (!platform.status.cluster_id.empty() && platform.status.cluster_id != observed.answer->cluster_id) {
    wrong_cluster(plan, observed, now);
    return plan;
  }
  verified(plan, observed);
  const int brokers = observed.answer->brokers;
  ready(plan, observed, now,
        "cluster " + plan.status.cluster_id + " answers with " + std::to_string(brokers) +
            (brokers == 1 ? " broker" : " brokers"));
  return plan;
}

}  // namespace penstock::op::platform
