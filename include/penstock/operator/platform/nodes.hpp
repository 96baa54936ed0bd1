// What the pods of a platform are doing, in words that help at night. Pure.
#pragma once
#include <penstock/operator/platform/layout.hpp>

#include <string>
#include <vector>

namespace penstock::op::platform {

struct NodeReport {
  api::NodeCounts counts;
  int brokers = 0, ready_brokers = 0;
  std::string waiting;           // "main-pool-2 (Pending: 0/1 nodes are available …)"; empty when all are ready
  std::vector<std::string> old;  // pods of an older revision of their StatefulSet
  std::string stuck;             // the first of these that can't start as it is: the newer revision may be its repair
};
NodeReport report(const Layout& layout, const Children& children);

bool is_ready(const Json& pod);
// No machine takes it, or its container does not come up: nothing is lost with it.
bool is_stuck(const Json& pod);
// "Pending: …", "ImagePullBackOff: …", "CrashLoopBackOff after OOMKilled", "running, but not answering yet".
std::string doing(const Json& pod);

}  // namespace penstock::op::platform
