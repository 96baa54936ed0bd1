// The whole operator: stores and watches, the decision feed, four controllers under one lease, health.
#pragma once
#include <penstock/base/address.hpp>
#include <penstock/base/time.hpp>
#include <penstock/k8s/config.hpp>
#include <penstock/k8s/lease.hpp>

#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace penstock::op {

struct ManagerOptions {
  std::string release_namespace;              // of the lease, the Secrets for the scaler and the metrics service
  std::vector<std::string> scaler_addresses;  // host:port of DecisionFeeds; one is followed
  Address keda_scaler_address;                // that KEDA dials; without a host: the metrics service, port 9443
  std::string keda_namespace = "keda";        // where KEDA looks for the Secrets of ClusterTriggerAuthentications
  std::string metrics_service = "penstock-scaler";
  int metrics_service_port = 443;
  Address health_address{"0.0.0.0", 8081};
  bool leader_election = true;
  k8s::LeaseOptions lease;                          // its namespace and identity are filled in when empty
  std::map<std::string, std::string> kafka_images;  // by Kafka version
  std::vector<std::string> allowed_images;          // beginnings of what spec.kafka.image may be
  std::string cluster_domain = "cluster.local";
};

// Works until the stop (0), or until the lease is lost (1): whoever started it starts it anew.
int run_operator(const k8s::Config& config, ManagerOptions options, const Clock& clock, std::stop_token stop);

}  // namespace penstock::op
