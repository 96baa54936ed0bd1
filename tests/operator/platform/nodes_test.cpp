#include <penstock/operator/platform/nodes.hpp>

#include <doctest/doctest.h>

namespace penstock::op::platform {
namespace {

Json pod(Json status) {
  return {{"metadata", {{"name", "main-all-2"}}}, {"status", std::move(status)}};
}

Json container(Json state, Json last = Json::object()) {
  return pod({{"phase", "Running"},
              {"containerStatuses", Json::array({{{"state", std::move(state)}, {"lastState", std::move(last)}}})}});
}

TEST_CASE("a pod that no machine can take says why") {
  CHECK(doing(pod({{"phase", "Pending"},
                   {"conditions", Json::array({{{"type", "PodScheduled"},
                                                {"status", "False"},
                                                {"reason", "Unschedulable"},
                                                {"message", "0/1 nodes are available: 1 Insufficient memory."}}})}})) ==
        "Pending: 0/1 nodes are available: 1 Insufficient memory.");
  CHECK(doing(pod(Json::object())) == "Pending");
}

TEST_CASE("a container that does not come up is named with its cause") {
  CHECK(doing(container({{"waiting", {{"reason", "ImagePullBackOff"}, {"message", "no such image"}}}})) ==
        "ImagePullBackOff: no such image");
  CHECK(doing(container({{"waiting", {{"reason", "CrashLoopBackOff"}, {"message", "back-off 40s"}}}},
                        {{"terminated", {{"reason", "OOMKilled"}, {"exitCode", 137}}}})) ==
        "CrashLoopBackOff after OOMKilled");
  CHECK(doing(container({{"waiting", {{"reason", "CrashLoopBackOff"}}}},
                        {{"terminated", {{"reason", "Error"}, {"exitCode", 3}}}})) ==
        "CrashLoopBackOff after exit code 3");
  CHECK(doing(container({{"running", Json::object()}})) == "running, but not answering yet");
  CHECK(doing(container({{"running", Json::object()}}, {{"terminated", {{"reason", "OOMKilled"}}}})) ==
        "running again after OOMKilled, but not answering yet");
}

TEST_CASE("a pod on its way out is not ready, whatever its condition says") {
  Json leaving = pod({{"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}});
  CHECK(is_ready(leaving));
  leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  CHECK_FALSE(is_ready(leaving));
  CHECK(doing(leaving) == "being deleted");
}

}  // namespace
}  // namespace penstock::op::platform
