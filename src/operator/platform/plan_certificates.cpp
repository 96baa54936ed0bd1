#include <penstock/operator/platform/parts.hpp>
#include <penstock/operator/platform/render.hpp>
#include <penstock/pki/certificates.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

// The kubelet may take a minute and a half to bring a Secret's new data into a pod.
constexpr Duration kUntilLoaded = 10s;

void tell_ends(PlatformPlan& plan, const Certificates& certificates) {
  auto& ends = plan.status.certificates;
  ends.clear();
  const auto tell = [&](const std::string& name, const api::TlsSecret& held) {
    const auto info = pki::inspect(held.certificate);
    if (!info) return;
    const auto known = std::ranges::find(ends, name, &api::CertificateEnd::name);
    if (known == ends.end())
      ends.push_back({name, info->not_after});
    else
      known->not_after = std::min(known->not_after, info->not_after);
  };
  tell("ca", certificates.authority);
  for (const auto& [pool, nodes] : certificates.pools)
    for (const auto& [id, node] : nodes) {
      tell("nodes", node.serving);
      tell("quorum", node.quorum);
    }
  tell("operator", certificates.admin);
  tell("scaler", certificates.scaler);
}

// A broker that has not loaded its new certificate in half of the time that it has for that.
void warn(PlatformPlan& plan, const Observed& observed, WallTime now) {
  const Duration late = observed.platform.spec.kafka->certificates.renew_before / 2;
  std::vector<std::string> brokers;
  for (const auto& [id, shown] : observed.shown)
    if (shown.not_after - now < late) brokers.push_back(std::to_string(id));
  plan.status.conditions.remove("CertificatesExpiring");
  if (brokers.empty()) return;
  plan.status.conditions.set("CertificatesExpiring", api::ConditionStatus::kTrue, "NotLoaded",
                             "brokers " + join(brokers, ", ") +
                                 " show a certificate that soon ends or has ended, and not the new one that lies in "
                                 "their Secret: delete their "
                                 "pods one by one, each after the one before is ready",
                             observed.platform.meta.generation, now);
}

}  // namespace

void certificates_in_use(PlatformPlan& plan, const Observed& observed, const Layout& layout, const NodeReport& nodes,
                         WallTime now) {
  tell_ends(plan, observed.held);
  warn(plan, observed, now);
  bool others_start = !nodes.waiting.empty();
  for (const Node& node : layout.nodes()) {
    const auto shown = observed.shown.find(node.id);
    if (shown == observed.shown.end()) continue;
    const auto wanted = pki::inspect(observed.certificates.pools.at(node.pool->name).at(node.id).serving.certificate);
    if (!wanted || wanted->serial == shown->second.serial) continue;
    plan.look_again = kUntilLoaded;
    if (shown->second.not_after > now) {
      if (observed.answer)
        plan.actions.push_back(AlterBrokerConfig{
            node.id,
            {{"listener.name.internal.ssl.keystore.location", certificate_path(std::to_string(node.id) + ".pem")}},
            "the same as before, so that it loads the certificates that have come"});
    } else if (!std::exchange(others_start, true)) {
      // Nobody can talk to it, so nothing is lost with it.
      const Json& pod = observed.children.pods.at(node.pod);
      plan.actions.push_back(DeleteObject{k8s::kinds::kPod,
                                          {layout.platform().meta.ns, node.pod},
                                          pod.at("metadata").value("uid", ""),
                                          "the certificate that it shows has expired"});
    }
  }
}

}  // namespace penstock::op::platform
