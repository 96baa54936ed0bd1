// What Kafka tells us and what we tell it, in Kafka's own terms.
#pragma once
#include <penstock/base/error.hpp>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::kafka {

struct Sasl {
  std::string mechanism;  // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER
  std::string username{}, password{};
  std::string token{};  // for OAUTHBEARER, instead of the two
  bool operator==(const Sasl&) const = default;
};

// How a cluster is reached. PEM texts, never paths.
struct Connection {
  std::string bootstrap_servers;  // host:port, comma-separated
  bool tls = false;
  std::string certificate_authority;  // empty: the machine's own trust store
  std::string client_certificate, client_key;
  std::optional<Sasl> sasl;
  bool operator==(const Connection&) const = default;
};

struct Broker {
  int id = 0;
  std::string host;
  int port = 0;
  std::string rack;
  bool operator==(const Broker&) const = default;
};

struct ClusterInfo {
  std::string cluster_id;
  int controller_id = -1;
  std::vector<Broker> brokers;
};

struct PartitionInfo {
  int id = 0;
  int leader = -1;  // -1: none
  std::vector<int> replicas, in_sync_replicas;
};

struct TopicInfo {
  std::string name;
  std::string topic_id;                   // 22 characters of base64url; empty where the cluster has no topic ids
  std::vector<PartitionInfo> partitions;  // by id, 0…n−1
};

struct ShownCertificate {
  std::string certificate;                    // PEM
  std::vector<std::string> accepted_issuers;  // common names of those whose certificates clients may show
};

struct ConfigEntry {
  enum class Source { kTopic, kBroker, kClusterDefault, kStatic, kDefault, kOther };
  std::string name;
  std::optional<std::string> value;  // unset when sensitive
  Source source = Source::kOther;
};

struct NewTopic {
  std::string name;
  int partitions = 1;
  int replication_factor = -1;  // -1: the cluster's default
  std::map<std::string, std::string> config;
};

// For IncrementalAlterConfigs: keys that are not named stay as they are.
struct TopicConfigChange {
  std::string topic;
  std::map<std::string, std::string> set;
  std::vector<std::string> unset;  // back to the cluster's default
};

enum class ResourceType { kTopic, kGroup, kTransactionalId, kCluster };
enum class PatternType { kLiteral, kPrefixed };
enum class Operation {
  kAll,
  kRead,
  kWrite,
  kCreate,
  kDelete,
  kAlter,
  kDescribe,
  kDescribeConfigs,
  kAlterConfigs,
  kIdempotentWrite
};
enum class Permission { kAllow, kDeny };

struct AclBinding {
  ResourceType resource = ResourceType::kTopic;
  std::string name;
  PatternType pattern = PatternType::kLiteral;
  std::string principal;  // "User:name"
  std::string host = "*";
  Operation operation = Operation::kRead;
  Permission permission = Permission::kAllow;
  auto operator<=>(const AclBinding&) const = default;

  // "Allow User:billing Read on Topic:orders (Literal) from *"; reads back with parse_acl_binding.
  std::string to_string() const;
};
std::optional<AclBinding> parse_acl_binding(std::string_view text);

// A user has one credential for each mechanism, SCRAM-SHA-256 and SCRAM-SHA-512.
struct ScramChange {
  std::string user, mechanism;
  std::optional<std::string> password;  // none: the credential is deleted
};

// One result for each thing asked about, by its name.
template <class T>
using PerItem = std::map<std::string, Result<T>>;

}  // namespace penstock::kafka
