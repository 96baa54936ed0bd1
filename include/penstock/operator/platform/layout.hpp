// Names, addresses, ids and labels of a platform that we run. Pure; the same spec gives the same text everywhere.
#pragma once
#include <penstock/api/event_platform.hpp>
#include <penstock/operator/platform/observed.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::op::platform {

inline constexpr int kProbePort = 9089, kControllerPort = 9090, kInternalPort = 9091;
inline constexpr std::string_view kPoolLabel = "penstock.dev/node-pool";
inline constexpr std::string_view kControllerLabel = "penstock.dev/controller";  // "true" on nodes with this role
inline constexpr std::string_view kBrokerLabel = "penstock.dev/broker";
inline constexpr std::string_view kClusterIdAnnotation = "penstock.dev/cluster-id";  // on volumes: whose data it is
inline constexpr std::string_view kDirectoryIdAnnotation = "penstock.dev/directory-id";
inline constexpr std::string_view kSettledAnnotation = "penstock.dev/settled";  // "true": its node was once ready

struct Node {
  int id = 0;  // Kafka's node.id, and the pod's ordinal
  const api::NodePool* pool = nullptr;
  std::string pod, host, volume;
};

// What is decided once and then pinned in status.
struct Ids {
  std::string cluster;
  std::map<std::string, std::string> directories;  // node id → KRaft directory id; the first voters
};

class Layout {
 public:
  // observed must outlive it.
  Layout(const Observed& observed, Ids ids);

  const api::EventPlatform& platform() const { return observed_.platform; }
  const api::ManagedKafka& kafka() const { return *observed_.platform.spec.kafka; }
  const Settings& settings() const { return observed_.settings; }
  const Ids& ids() const { return ids_; }

  const std::vector<Node>& nodes() const { return nodes_; }  // controllers' pools first, then by id
  int count(api::Role role) const;
  bool has_combined() const;                     // some node is controller and broker
  const api::Listener* mutual_listener() const;  // the first that asks for certificates of clients; null: none does

  std::string stateful_set(const api::NodePool& pool) const;
  std::string pod(const api::NodePool& pool, int id) const;
  std::string nodes_service() const { return platform().meta.name + "-nodes"; }
  std::string bootstrap_service() const { return platform().meta.name + "-bootstrap"; }
  std::string trust_config_map() const { return platform().meta.name + "-ca.crt"; }
  std::string bootstrap_host() const { return host(bootstrap_service()); }
  std::string address(const std::string& host, int port) const { return host + ":" + std::to_string(port); }

  std::map<std::string, std::string> labels() const;  // of every child
  std::map<std::string, std::string> labels(const api::NodePool& pool) const;
  // Metadata of a child that Kubernetes collects with the platform.
  Json metadata(const std::string& name, const Json& labels) const;

 private:
  std::string host(const std::string& service) const;

  const Observed& observed_;
  Ids ids_;
  std::vector<Node> nodes_;
};

// Whether this object is the platform's own, and not of somebody else or of an earlier platform of its name.
bool is_child(const Json& object, const api::EventPlatform& platform);
// The child of this name; null: there is none, or it is somebody else's.
const Json* own(const Layout& layout, const std::map<std::string, Json>& objects, const std::string& name);
// Empty: it does not have this one.
std::string annotation_of(const Json& object, std::string_view name);

// The ids that are pinned; else those of volumes that an earlier platform of this name left; else new ones, which
// follow from the platform's uid, so that a second look gives the same.
Ids ids_of(const Observed& observed);

std::string join(const std::vector<std::string>& items, std::string_view separator);

// "main-pool" of node pool "pool" of platform "main".
std::string stateful_set_name(const api::EventPlatform& platform, const api::NodePool& pool);
std::string volume_name(const std::string& pod);

}  // namespace penstock::op::platform
