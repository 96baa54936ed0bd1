// The children of a platform that we run, as they should be. Pure and deterministic: a change of a StatefulSet's
// template is a new revision of its pods, so nothing in it may depend on anything but the spec.
#pragma once
#include <penstock/operator/platform/layout.hpp>

#include <set>
#include <string>

namespace penstock::op::platform {

// Where a pool's Secret of certificates is mounted.
std::string certificate_path(const std::string& file);
// What Kafka reads, with @HOST@ and @NODE_ID@ where each node puts its own.
std::string server_properties(const Layout& layout, const api::NodePool& pool);
// One line for each node of the pool: its id, and how an empty volume of it is formatted. A node that was ever ready is
// in settled: a voter that came back empty under its old identity could lose metadata, so it gets a new one.
std::string format_options(const Layout& layout, const api::NodePool& pool, const std::set<int>& settled);
std::string start_script(const Layout& layout);
std::string probe_script(const api::NodePool& pool);
std::string log_config();
// As -Xmx takes it: the pool's heap; else half its memory limit, at most 6 GiB; else 1 GiB.
std::string heap(const api::NodePool& pool);

// Which nodes a live ConfigMap says are settled.
std::set<int> settled_nodes(const Json& config_map);
Json config_map(const Layout& layout, const api::NodePool& pool, const std::set<int>& settled);
Json nodes_service(const Layout& layout);
Json bootstrap_service(const Layout& layout);
std::vector<Json> disruption_budgets(const Layout& layout);
Json volume_claim(const Layout& layout, const Node& node, const std::set<int>& settled);
Json stateful_set(const Layout& layout, const api::NodePool& pool, const std::string& image, int replicas,
                  const std::string& quorum_trust);

}  // namespace penstock::op::platform
