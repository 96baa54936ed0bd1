// What the measurements have in common: ConsumerScalers of many namespaces on one platform, and the process's memory.
#pragma once
#include <penstock/scaler/world.hpp>

#include <filesystem>
#include <fstream>
#include <string>

namespace penstock::bench {

inline double resident_mib() {
  std::ifstream file("/proc/self/statm");
  long total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * 4096 / (1 << 20);
}

inline int open_sockets() {
  int count = 0;
  for (const auto& open : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the iterator's own
    count += std::filesystem::read_symlink(open.path(), gone).string().starts_with("socket:");
  }
  return count;
}

inline Json object(int i, const std::string& group, const std::string& topic) {
  const std::string name = "orders-consumer-" + std::to_string(i);
  return {{"apiVersion", "penstock.dev/v1alpha1"},
          {"kind", "ConsumerScaler"},
          {"metadata",
           {{"namespace", "shop-" + std::to_string(i % 100)},
            {"name", name},
            {"uid", "3f0c9d0e-7a43-4d3c-9d55-" + std::to_string(100'000'000'000 + i)},
            {"generation", 1}}},
          {"spec",
           {{"platformRef", {{"name", "main"}, {"namespace", "kafka"}}},
            {"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", name}}},
            {"consumerGroup", group},
            {"topics", {topic}},
            {"lagThreshold", 1000},
            {"minReplicas", 0},
            {"maxReplicas", 50}}},
          {"status", {{"currentReplicas", 4}}}};
}

// The platform of all objects, which lets all of their namespaces in.
inline kafka::PlatformView view() {
  kafka::PlatformView view;
  view.ns = "kafka";
  view.name = "main";
  view.connection.bootstrap_servers = "main:9092";
  for (int i = 0; i < 100; ++i) view.allowed.push_back({"shop-" + std::to_string(i), {}, {}});
  return view;
}

inline k8s::WatchEvent secret(const kafka::PlatformView& view) {
  return {k8s::WatchEvent::Type::kApply,
          {{"metadata", {{"namespace", "penstock"}, {"name", kafka::platform_view_name(view.ns, view.name)}}},
           {"data", kafka::print_platform_view(view)}}};
}

}  // namespace penstock::bench
