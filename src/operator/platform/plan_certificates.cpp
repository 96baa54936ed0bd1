#include <penstock/operator/platform/certificates.hpp>
#include <penstock/operator/platform/nodes.hpp>
#include <penstock/operator/platform/parts.hpp>
#include <penstock/operator/platform/render.hpp>
#include <penstock/pki/certificates.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

// The kubelet may take a minute and a half to bring a Secret's new data into a pod: it is tried until then.
constexpr Duration kLoadAgain = 10s;

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
  tell("ca", certificates.nodes.signing);
  if (certificates.clients) tell("clients-ca", certificates.clients->signing);
  for (const auto& [pool, nodes] : certificates.pools)
    for (const auto& [id, node] : nodes) {
      tell("nodes", node.serving);
      tell("quorum", node.quorum);
    }
  tell("operator", certificates.admin);
  tell("scaler", certificates.scaler);
}

// Half of the time that there is for a renewal has passed without it.
void warn(PlatformPlan& plan, const Observed& observed, WallTime now) {
  const Duration late = observed.platform.spec.kafka->certificates.renew_before / 2;
  std::vector<std::string> brokers;
  bool renewed = true;
  for (const auto& [id, loaded] : observed.loaded)
    if (loaded.not_after - now < late) brokers.push_back(std::to_string(id));
  for (const auto& [id, wanted] : observed.to_load) renewed = renewed && wanted.not_after - now >= late;
  plan.status.conditions.remove("CertificatesExpiring");
  if (brokers.empty()) return;
  const std::string show = "brokers " + join(brokers, ", ") + " show certificates that soon end or have ended, ";
  plan.status.conditions.set(
      "CertificatesExpiring", api::ConditionStatus::kTrue, renewed ? "NotLoaded" : "NotRenewed",
      renewed ? show +
                    "and not the new ones that lie in their Secret: delete their pods one by one, each after the one "
                    "before is ready"
              : show + "and no new ones are made while the platform is paused or in conflict",
      observed.platform.meta.generation, now);
}

bool is_starting(const Observed& observed, const Node& node) {
  const auto pod = observed.children.pods.find(node.pod);
  return pod == observed.children.pods.end() || (!is_ready(pod->second) && !is_stuck(pod->second));
}

}  // namespace

void certificates_in_use(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now) {
  tell_ends(plan, observed.held);
  warn(plan, observed, now);
  bool one_starts = std::ranges::any_of(layout.nodes(), [&](const Node& node) { return is_starting(observed, node); });
  for (const Node& node : layout.nodes()) {
    const auto loaded = observed.loaded.find(node.id);
    const auto wanted = observed.to_load.find(node.id);
    if (loaded == observed.loaded.end() || wanted == observed.to_load.end() ||
        is_loaded(wanted->second, loaded->second))
      continue;
    plan.look_again = kLoadAgain;
    if (loaded->second.not_after > now) {
      if (observed.answer)
        plan.actions.push_back(AlterBrokerConfig{
            node.id,
            {{"listener.name.internal.ssl.keystore.location", certificate_path(std::to_string(node.id) + ".pem")}},
            "the same as before, so that it loads the certificates that have come"});
    } else if (wanted->second.not_after > now && !std::exchange(one_starts, true)) {
      // Nobody who checks certificates can talk to it any more, nor it to other brokers.
      const Json& pod = observed.children.pods.at(node.pod);
      plan.actions.push_back(DeleteObject{k8s::kinds::kPod,
                                          {layout.platform().meta.ns, node.pod},
                                          pod.at("metadata").value("uid", ""),
                                          "the certificate that it shows has expired"});
    }
  }
}

}  // namespace penstock::op::platform
