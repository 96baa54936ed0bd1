// All reads that an EventPlatform needs: its Secrets, its children, its Kafka cluster.
#pragma once
#include <penstock/operator/platform/observed.hpp>

#include <memory>
#include <mutex>
#include <stop_token>

namespace penstock::op::platform {

// Clusters that stay open from one look to the next, and what need not be asked each time. Any thread.
class Connections {
 public:
  explicit Connections(OpenCluster open) : open_(std::move(open)) {}

  struct Line {
    kafka::Connection connection;
    std::shared_ptr<kafka::Cluster> cluster;
    std::optional<std::vector<std::string>> capabilities;  // once they are known
    std::map<int, Loaded> loaded{};                        // by node id, when it was asked last
  };
  // The line of this platform; opened anew when how to reach it has changed.
  Result<std::shared_ptr<Line>> get(const k8s::ObjectKey& key, const kafka::Connection& connection);
  void forget(const k8s::ObjectKey& key);

 private:
  OpenCluster open_;
  std::mutex mutex_;
  std::map<k8s::ObjectKey, std::shared_ptr<Line>> lines_;
};

struct Sight {
  Observed observed;
  std::shared_ptr<kafka::Cluster> cluster;  // behind observed.answer
};
Result<Sight> observe(const api::EventPlatform& platform, const Deps& deps, Connections& connections,
                      const std::stop_token& stop);

// The connection of somebody else's cluster, from the spec and the Secrets it names in its own namespace.
Result<kafka::Connection> external_connection(const api::EventPlatform& platform, const k8s::Client& client,
                                              std::stop_token stop);
// Asks the cluster who it is and what it can do.
Result<Answer> probe(Connections::Line& line);

}  // namespace penstock::op::platform
