#include <penstock/operator/platform/nodes.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

Json condition(const Json& pod, std::string_view type) {
  for (const Json& item : pod.value("status", Json::object()).value("conditions", Json::array()))
    if (item.value("type", "") == type) return item;
  return Json::object();
}

// How the container ended the last time, if that is why it waits.
std::string ended(const Json& state) {
  const Json terminated = state.value("terminated", Json::object());
  if (terminated.empty()) return "";
  std::string reason = terminated.value("reason", "");
  if (reason.empty() || reason == "Error") return "exit code " + std::to_string(terminated.value("exitCode", 0));
  return reason;
}

std::string with(const std::string& what, const std::string& message) {
  return message.empty() ? what : what + ": " + message;
}

std::string label(const Json& object, const char* name) {
  return object.at("metadata").value("labels", Json::object()).value(name, "");
}

}  // namespace

bool is_ready(const Json& pod) {
  return condition(pod, "Ready").value("status", "") == "True" && !pod.at("metadata").contains("deletionTimestamp");
}

bool is_stuck(const Json& pod) {
  if (pod.at("metadata").contains("deletionTimestamp")) return false;
  if (condition(pod, "PodScheduled").value("status", "") == "False") return true;
  const Json containers = pod.value("status", Json::object()).value("containerStatuses", Json::array());
  if (containers.empty()) return false;
  const Json waiting = containers[0].value("state", Json::object()).value("waiting", Json::object());
  const std::string reason = waiting.value("reason", "");
  return !reason.empty() && reason != "ContainerCreating" && reason != "PodInitializing";
}

std::string doing(const Json& pod) {
  if (pod.at("metadata").contains("deletionTimestamp")) return "being deleted";
  const Json status = pod.value("status", Json::object());
  const Json scheduled = condition(pod, "PodScheduled");
  if (scheduled.value("status", "") == "False") return with("Pending", scheduled.value("message", ""));
  const Json containers = status.value("containerStatuses", Json::array());
  if (containers.empty()) return with(status.value("phase", "Pending"), status.value("message", ""));
  const Json state = containers[0].value("state", Json::object());
  const Json waiting = state.value("waiting", Json::object());
  const std::string before = ended(containers[0].value("lastState", Json::object()));
  if (!waiting.empty()) {
    const std::string reason = waiting.value("reason", "waiting");
    // Its message holds a wait that grows: the way the container ended says more.
    if (reason == "CrashLoopBackOff") return before.empty() ? reason : reason + " after " + before;
    return with(reason, waiting.value("message", ""));
  }
  if (const std::string now = ended(state); !now.empty()) return "ended: " + now;
  return before.empty() ? "running, but not answering yet"
                        : "running again after " + before + ", but not answering yet";
}

NodeReport report(const Layout& layout, const Children& children) {
  NodeReport out;
  out.counts.desired = static_cast<int>(layout.nodes().size());
  int waiting = 0;
  for (const Node& node : layout.nodes()) {
    const auto pod = children.pods.find(node.pod);
    const bool there = pod != children.pods.end();
    const bool ready = there && is_ready(pod->second);
    if (node.pool->has(api::Role::kBroker)) ++out.brokers;
    if (ready) {
      ++out.counts.ready;
      if (node.pool->has(api::Role::kBroker)) ++out.ready_brokers;
    } else if (waiting++ == 0) {
      out.waiting = node.pod + " (" + (there ? doing(pod->second) : "has no pod yet") + ")";
    }
    const auto set = children.stateful_sets.find(layout.stateful_set(*node.pool));
    if (!there || set == children.stateful_sets.end()) continue;
    const std::string wanted = set->second.value("status", Json::object()).value("updateRevision", "");
    if (wanted.empty()) continue;
    if (label(pod->second, "controller-revision-hash") == wanted) {
      ++out.counts.updated;
    } else {
      out.old.push_back(node.pod);
      if (out.stuck.empty() && is_stuck(pod->second)) out.stuck = node.pod;
    }
  }
  if (waiting > 1) out.waiting += " and " + std::to_string(waiting - 1) + " more";
  return out;
}

}  // namespace penstock::op::platform
