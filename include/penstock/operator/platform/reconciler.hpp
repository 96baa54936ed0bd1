// EventPlatform: a Kafka cluster that we run as pods, or somebody else's that we check and describe. One reconcile is
// observe (all reads) → plan (pure) → apply (all writes) → status. This controller alone publishes clusters to
// Platforms, after the one that answers has shown the id that is pinned in status.
#pragma once
#include <penstock/k8s/client.hpp>
#include <penstock/k8s/events.hpp>
#include <penstock/kafka/cluster.hpp>
#include <penstock/operator/platforms.hpp>
#include <penstock/operator/sources.hpp>
#include <penstock/runtime/controller.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock::op::platform {

struct Settings {
  std::string release_namespace;                      // where the Secrets for the scaler are written
  std::map<std::string, std::string> default_images;  // by Kafka version: {"4.3.1": "registry/kafka:4.3.1"}
  std::vector<std::string> allowed_images;            // spec.kafka.image must begin with one of these; empty: none may
  std::string cluster_domain = "cluster.local";
};

using OpenCluster =
    std::function<Result<std::unique_ptr<kafka::Cluster>>(const kafka::Connection&, const std::string& client_id)>;

struct Deps {
  const Stores& stores;
  k8s::Client client;
  Platforms& platforms;
  k8s::EventRecorder& events;
  const Clock& clock;
  Settings settings;
  OpenCluster open_cluster = kafka::open_cluster;
};

class Reconciler {
 public:
  explicit Reconciler(Deps deps);
  ~Reconciler();

  // For runtime::Controller; one call at a time for each key, any thread.
  Result<runtime::Outcome> reconcile(const k8s::ObjectKey& key, runtime::ReconcileContext& context);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Calls enqueue with the key of each platform that a change concerns: the platform itself, its children, the
// namespaces that it may allow. Before the informers start.
void subscribe(Stores& stores, const std::function<void(const k8s::ObjectKey&)>& enqueue);

}  // namespace penstock::op::platform
