#include <penstock/operator/platform/render.hpp>

#include <charconv>

namespace penstock::op::platform {
namespace {

constexpr std::string_view kSettled = "penstock.dev/settled-nodes";

}  // namespace

std::set<int> settled_nodes(const Json& config_map) {
  std::set<int> out;
  const std::string text = annotation_of(config_map, kSettled);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    int id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    if (error == std::errc{}) out.insert(id);
    at = next + 1;
  }
  return out;
}

Json config_map(const Layout& layout, const api::NodePool& pool, const std::set<int>& settled) {
  std::string ids;
  for (const int id : settled) ids += (ids.empty() ? "" : ",") + std::to_string(id);
  Json metadata = layout.metadata(layout.stateful_set(pool), layout.labels(pool));
  metadata["annotations"] = {{std::string(kSettled), ids}};
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", metadata},
          {"data",
           {{"server.properties", server_properties(layout, pool)},
            {"format", format_options(layout, pool, settled)},
            {"start.sh", start_script(layout)},
            {"probe.sh", probe_script(pool)},
            {"log4j2.properties", log_config()}}}};
}

}  // namespace penstock::op::platform
