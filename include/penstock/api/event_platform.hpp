// EventPlatform: a Kafka cluster, run by us or by somebody else.
#pragma once
#include <penstock/api/meta.hpp>

#include <array>

namespace penstock::api {

enum class Role { kController, kBroker };
enum class Reclaim { kRetain, kDelete };

struct NodePool {
  std::string name;
  std::vector<Role> roles;  // sorted, without duplicates
  int replicas = 0;
  int node_id_start = 0;
  struct Storage {
    std::string size;                // a quantity
    std::string storage_class_name;  // empty: the cluster's default
    Reclaim reclaim = Reclaim::kRetain;
    bool operator==(const Storage&) const = default;
  } storage;
  Json resources = Json::object();  // as in a container
  std::string heap;                 // a quantity; empty: from the memory limit
  bool has(Role role) const;
  bool operator==(const NodePool&) const = default;
};

struct Listener {
  std::string name;
  int port = 0;
  bool tls = false;
  std::string authentication = "None";  // None, SCRAM-SHA-256, SCRAM-SHA-512, mTLS
  bool operator==(const Listener&) const = default;
};

// Its presence: who may do what is asked of Kafka's ACLs.
struct Authorization {
  std::vector<std::string> super_users;  // principals that may do everything
  bool operator==(const Authorization&) const = default;
};

// Of the certificates that nodes and we ourselves show.
struct CertificateTerms {
  Duration validity = 365 * 24h;
  Duration renew_before = 30 * 24h;  // the end; less than validity
  bool operator==(const CertificateTerms&) const = default;
};

struct ManagedKafka {
  std::string version;  // 4.3.1
  std::string image;    // empty: the operator's default for the version
  std::vector<NodePool> node_pools;
  std::vector<Listener> listeners;
  std::map<std::string, std::string> config;
  CertificateTerms certificates;
  std::optional<Authorization> authorization;
  bool operator==(const ManagedKafka&) const = default;
};

struct SecretKeyRef {
  std::string name, key;
  bool operator==(const SecretKeyRef&) const = default;
};

struct ExternalKafka {
  std::vector<std::string> bootstrap_servers;
  struct Tls {
    std::optional<SecretKeyRef> ca;
    std::optional<std::string> client_certificate_secret;  // keys tls.crt, tls.key
    bool operator==(const Tls&) const = default;
  };
  std::optional<Tls> tls;  // presence means TLS
  struct Sasl {
    std::string mechanism;
    std::string secret;  // keys username, password
    bool operator==(const Sasl&) const = default;
  };
  std::optional<Sasl> sasl;
  bool operator==(const ExternalKafka&) const = default;
};

// Who outside the platform's own namespace may use it, and for which names.
struct NamespaceRule {
  Json selector = Json::object();  // a LabelSelector on the namespace
  // An empty list allows every name.
  std::vector<std::string> topic_prefixes, group_prefixes;
  bool operator==(const NamespaceRule&) const = default;
};

inline constexpr std::string_view kMutualTls = "mTLS";

// Somebody who logs in to a cluster that we run. An account with passwords is two users of Kafka's, of which one is in
// use: a new password is that of the other one, so that clients have time to take it up.
std::array<std::string, 2> users_of(const std::string& account);
struct Account {
  std::string name;
  std::string authentication;              // SCRAM-SHA-256, SCRAM-SHA-512, mTLS
  std::optional<Duration> rotation_every;  // none: only when its Secret is deleted
  Duration rotation_overlap = 24h;         // how long the user before stays
  bool operator==(const Account&) const = default;
};

struct EventPlatformSpec {
  std::optional<ManagedKafka> kafka;  // exactly one of the two
  std::optional<ExternalKafka> external;
  std::vector<Account> accounts;
  std::vector<NamespaceRule> allowed_namespaces;
  bool operator==(const EventPlatformSpec&) const = default;
};

struct NodeCounts {
  int desired = 0, ready = 0, updated = 0;
  bool operator==(const NodeCounts&) const = default;
};

struct CertificateEnd {
  std::string name;    // ca, nodes, quorum, operator, scaler or clients-ca
  WallTime not_after;  // of the one that ends first
  bool operator==(const CertificateEnd&) const = default;
};

// What was put into Kafka for an account, and will be taken back.
struct AccountStatus {
  std::string name;
  std::string user;  // the one in use
  WallTime since;    // when it was put in use
  bool operator==(const AccountStatus&) const = default;
};

struct EventPlatformStatus {
  std::int64_t observed_generation = 0;
  Conditions conditions;
  std::string cluster_id;  // pinned: another cluster behind the address stops all writes
  std::string kafka_version;
  std::map<std::string, std::string> bootstrap_servers;  // by listener; "external" for somebody else's cluster
  std::optional<NodeCounts> nodes;
  int brokers = 0;
  std::vector<std::string> capabilities;             // sorted: acls, configs, offsets, topics
  std::map<std::string, std::string> directory_ids;  // node id → the KRaft directory id minted for it
  std::vector<CertificateEnd> certificates;          // of a cluster that we run
  std::vector<AccountStatus> accounts;
  std::vector<std::string> plan;
  bool operator==(const EventPlatformStatus&) const = default;
};

struct EventPlatform {
  static constexpr std::string_view kKind = "EventPlatform";
  Meta meta;
  EventPlatformSpec spec;
  EventPlatformStatus status;
  bool operator==(const EventPlatform&) const = default;
};

Result<EventPlatform> parse_event_platform(const Json& object);
Json print(const EventPlatform& platform);  // the whole object
Json print_status(const EventPlatformStatus& status);

}  // namespace penstock::api
