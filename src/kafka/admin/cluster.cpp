#include "cluster.hpp"

namespace penstock::kafka {

Result<std::unique_ptr<Cluster>> open_cluster(const Connection& connection, const std::string& client_id) {
  auto handle = AdminCluster::open(connection, client_id);
  if (!handle) return std::unexpected(handle.error());
  return std::make_unique<AdminCluster>(connection, client_id, std::move(*handle));
}

Result<std::unique_ptr<Handle>> AdminCluster::open(const Connection& connection, const std::string& client_id) {
  return Handle::open(connection, client_id);
}

Result<ClusterInfo> AdminCluster::describe(Duration timeout) {
  return ask<ClusterInfo>(*handle_, timeout, RD_KAFKA_ADMIN_OP_DESCRIBECLUSTER, rd_kafka_DescribeCluster,
                          [](const rd_kafka_event_t* answer) {
                            ClusterInfo info;
                            if (const char* id = rd_kafka_DescribeCluster_result_cluster_id(answer))
                              info.cluster_id = id;
                            if (const auto* controller = rd_kafka_DescribeCluster_result_controller(answer))
                              info.controller_id = rd_kafka_Node_id(controller);
                            std::size_t count = 0;
                            const auto** nodes = rd_kafka_DescribeCluster_result_nodes(answer, &count);
                            for (const auto* node : std::span(nodes, count)) {
                              const char* rack = rd_kafka_Node_rack(node);
                              info.brokers.push_back({rd_kafka_Node_id(node), rd_kafka_Node_host(node),
                                                      rd_kafka_Node_port(node), rack ? rack : ""});
                            }
                            std::ranges::sort(info.brokers, {}, &Broker::id);
                            return info;
                          });
}

}  // namespace penstock::kafka
