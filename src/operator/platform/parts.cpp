#include <penstock/operator/platform/parts.hpp>
#include <penstock/operator/status_writer.hpp>

#include <algorithm>
#include <cctype>

namespace penstock::op::platform {
namespace {

using api::ConditionStatus;

// A platform that is well is asked again this often whether it still is.
constexpr Duration kProbeInterval = 30s;

// Without librdkafka's "(after 3ms in state CONNECT, 2 identical error(s) suppressed)", which is never the same twice.
std::string lasting(std::string text) {
  for (auto begin = text.find(" (after "); begin != std::string::npos; begin = text.find(" (after ", begin)) {
    auto end = begin + 1;
    int depth = 0;
    do {
      depth += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
      ++end;
    } while (depth > 0 && end < text.size());
    text.erase(begin, end - begin);
  }
  return text;
}

std::string words(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) out += c;
  return out;
}

const api::Condition* ready_before(const Observed& observed) {
  return observed.platform.status.conditions.find("Ready");
}

}  // namespace

bool same_words(std::string_view a, std::string_view b) {
  return words(a) == words(b);
}

std::string lasting_words(const api::Condition* before, const std::string& reason, const std::string& text) {
  std::string message = lasting(text);
  const bool same = before != nullptr && before->reason == reason && same_words(before->message, message);
  return same ? before->message : message;
}

PlatformPlan start(const Observed& observed) {
  PlatformPlan plan;
  plan.status = observed.platform.status;
  plan.status.observed_generation = observed.platform.meta.generation;
  plan.status.plan.clear();
  plan.look_again = kProbeInterval;
  return plan;
}

void not_ready(PlatformPlan& plan, const Observed& observed, WallTime now, const std::string& reason,
               const std::string& message, bool stalled) {
  set_ready(plan.status.conditions, observed.platform.meta.generation, now, ConditionStatus::kFalse, reason, message,
            stalled);
}

void ready(PlatformPlan& plan, const Observed& observed, WallTime now, const std::string& message) {
  const std::int64_t generation = observed.platform.meta.generation;
  set_ready(plan.status.conditions, generation, now, ConditionStatus::kTrue, "Ready", message);
  plan.status.conditions.set("Available", ConditionStatus::kTrue, "Answers", message, generation, now);
}

void unreachable(PlatformPlan& plan, const Observed& observed, WallTime now, const Error& error) {
  std::string reason = "Unreachable";
  if (error.code == Code::kUnauthorized) reason = "AuthenticationFailed";
  if (error.code == Code::kForbidden) reason = "AccessDenied";
  const std::string message = lasting_words(ready_before(observed), reason, error.what);
  not_ready(plan, observed, now, reason, message);
  plan.status.conditions.set("Available", ConditionStatus::kFalse, reason, message, observed.platform.meta.generation,
                             now);
  plan.back_off = true;
}

void wrong_cluster(PlatformPlan& plan, const Observed& observed, WallTime now) {
  const std::string message = "cluster " + observed.answer->cluster_id + " answers where " +
                              observed.platform.status.cluster_id +
                              " is pinned; nothing is written to it. Correct the address, or delete this EventPlatform "
                              "and create it anew if the other cluster is meant";
  const api::Condition* before = ready_before(observed);
  if (before == nullptr || before->reason != "ClusterIdMismatch")
    plan.actions.push_back(EmitEvent{true, "ClusterIdMismatch", "Probe", message});
  not_ready(plan, observed, now, "ClusterIdMismatch", message, true);
  plan.status.conditions.set("Available", ConditionStatus::kFalse, "ClusterIdMismatch", message,
                             observed.platform.meta.generation, now);
  hide_from_scaler(plan, observed, "another cluster answers at its address");
}

void verified(PlatformPlan& plan, const Observed& observed) {
  const Answer& answer = *observed.answer;
  plan.status.brokers = answer.brokers;
  plan.status.capabilities = answer.capabilities;
  hold_finalizer(plan, observed);
  if (observed.platform.status.cluster_id.empty()) {
    plan.status.cluster_id = answer.cluster_id;
    plan.actions.push_back(
        record(observed.platform, plan.status, "pins cluster " + answer.cluster_id + ", the first that answered"));
  }
  show_to_scaler(plan, observed);
  plan.publish = true;
}

Action record(const api::EventPlatform& platform, const api::EventPlatformStatus& status, std::string why) {
  return RecordStatus{k8s::kinds::kEventPlatform,
                      status_object(api::EventPlatform::kKind, platform.meta, api::print_status(status)),
                      std::move(why)};
}

void hold_finalizer(PlatformPlan& plan, const Observed& observed) {
  const api::Meta& meta = observed.platform.meta;
  if (meta.has_finalizer()) return;
  Json finalizers = meta.finalizers;
  finalizers.push_back(api::kFinalizer);
  plan.actions.push_back(PatchObject{
      k8s::kinds::kEventPlatform,
      {meta.ns, meta.name},
      {{"metadata", {{"uid", meta.uid}, {"resourceVersion", meta.resource_version}, {"finalizers", finalizers}}}},
      "a Secret in another namespace must go with it"});
}

}  // namespace penstock::op::platform
