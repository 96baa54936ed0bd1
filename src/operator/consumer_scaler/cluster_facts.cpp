#include <penstock/operator/consumer_scaler/cluster_facts.hpp>

namespace penstock::op::consumer_scaler {
namespace {

Result<Json> as_is(const Json& object) {
  return object;
}

Json first_of(const k8s::Store<Json>& store, const char* name) {
  const auto entry = store.get({"", name});
  return entry && entry->has_value() ? **entry : Json();
}

bool established(const Json& crd) {
  if (!crd.is_object()) return false;
  const Json conditions = crd.value("status", Json::object()).value("conditions", Json::array());
  for (const Json& condition : conditions)
    if (condition.value("type", "") == "Established") return condition.value("status", "") == "True";
  return false;
}

}  // namespace

ClusterFacts::ClusterFacts(std::string our_service, std::function<void()> changed)
    : our_service_(std::move(our_service)), changed_(std::move(changed)), api_services_(as_is), definitions_(as_is) {
  facts_.keda_access = "waiting until KEDA has its certificate";
  api_services_.subscribe([this](const k8s::ObjectKey&) { look(); });
  definitions_.subscribe([this](const k8s::ObjectKey&) { look(); });
}

void ClusterFacts::look() {
  const ExternalMetrics metrics = external_metrics(api_service(), our_service_);
  const Json crd = first_of(definitions_, kScaledObjectCrd);
  {
    std::lock_guard lock(mutex_);
    facts_.external_metrics = metrics;
    facts_.keda_resources = established(crd);
    facts_.keda_tolerance = has_tolerance(crd);
  }
  changed_();
}

void ClusterFacts::set_tolerance(bool there) {
  {
    std::lock_guard lock(mutex_);
    facts_.tolerance = there;
  }
  changed_();
}

void ClusterFacts::set_keda_access(const std::string& problem) {
  {
    std::lock_guard lock(mutex_);
    if (facts_.keda_access == problem) return;
    facts_.keda_access = problem;
  }
  changed_();
}

Facts ClusterFacts::get() const {
  std::lock_guard lock(mutex_);
  return facts_;
}

Json ClusterFacts::api_service() const {
  return first_of(api_services_, kApiServiceName);
}

Result<bool> probe_tolerance(const k8s::Client& client, const std::string& ns, std::stop_token stop) {
  const Json probe = {{"apiVersion", k8s::kinds::kHorizontalPodAutoscaler.api_version()},
                      {"kind", k8s::kinds::kHorizontalPodAutoscaler.kind},
                      {"metadata", {{"name", "penstock-tolerance-probe"}, {"namespace", ns}}},
                      {"spec",
                       {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "none"}}},
                        {"maxReplicas", 1},
                        {"behavior", {{"scaleUp", {{"tolerance", "0"}}}}}}}};
  const auto answer =
      client.call(k8s::apply(k8s::kinds::kHorizontalPodAutoscaler, probe, "penstock-consumerscaler", true), stop);
  if (!answer) {
    // A server that has never heard of the field says so under strict validation.
    if (answer.error().code == Code::kInvalid) return false;
    return fail("asking whether HPA has a tolerance", answer.error());
  }
  static const Json::json_pointer kField("/spec/behavior/scaleUp/tolerance");
  return answer->contains(kField);
}

}  // namespace penstock::op::consumer_scaler
