#include <penstock/operator/exposition.hpp>

#include <doctest/doctest.h>

namespace penstock::op {
namespace {

using Type = k8s::WatchEvent::Type;

Json platform(const std::string& name, const Json& status) {
  return {{"apiVersion", "penstock.dev/v1alpha1"},
          {"kind", "EventPlatform"},
          {"metadata", {{"name", name}, {"namespace", "kafka"}}},
          {"spec", {{"external", {{"bootstrapServers", {"a:9092"}}}}}},
          {"status", status}};
}

Json ready(const char* status) {
  return Json::array({{{"type", "Ready"},
                       {"status", status},
                       {"reason", "X"},
                       {"message", ""},
                       {"lastTransitionTime", "2026-01-01T00:00:00Z"}}});
}

bool has(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("resources are counted by their readiness, platforms told of one by one") {
  Stores stores;
  stores.platforms.on(
      {Type::kApply,
       platform("good", {{"conditions", ready("True")},
                         {"nodes", {{"desired", 3}, {"ready", 2}, {"updated", 3}}},
                         {"certificates", Json::array({{{"name", "nodes"}, {"notAfter", "2027-01-01T00:00:00Z"}}})}})});
  stores.platforms.on({Type::kApply, platform("bad", {{"conditions", ready("False")}})});
  stores.platforms.on({Type::kApply, platform("new", Json::object())});
  stores.topics.on({Type::kApply, {{"metadata", {{"name", "broken"}, {"namespace", "kafka"}}}}});
  std::string text;
  expose(stores, text);
  for (const auto* line : {"penstock_resources{kind=\"EventPlatform\",ready=\"True\"} 1",
                           "penstock_resources{kind=\"EventPlatform\",ready=\"False\"} 1",
                           "penstock_resources{kind=\"EventPlatform\",ready=\"Unknown\"} 1",
                           "penstock_resources{kind=\"Topic\",ready=\"False\"} 1",
                           "penstock_resources{kind=\"ConsumerScaler\",ready=\"False\"} 0",
                           "penstock_platform_ready{namespace=\"kafka\",platform=\"good\"} 1",
                           "penstock_platform_ready{namespace=\"kafka\",platform=\"bad\"} 0",
                           "penstock_platform_nodes{namespace=\"kafka\",platform=\"good\",state=\"ready\"} 2",
                           "penstock_certificate_not_after_timestamp_seconds{namespace=\"kafka\",platform=\"good\","
                           "certificate=\"nodes\"} 1798761600"})
    CHECK_MESSAGE(has(text, line), line, " in ", text);
  CHECK(text.find("penstock_platform_nodes{namespace=\"kafka\",platform=\"bad\"") == std::string::npos);
}

}  // namespace
}  // namespace penstock::op
