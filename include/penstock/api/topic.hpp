// Topic: a Kafka topic, its configuration, and who may use it.
#pragma once
#include <penstock/api/meta.hpp>

namespace penstock::api {

enum class DeletionPolicy { kRetain, kDelete };
enum class AdoptionPolicy { kAdopt, kRefuse };
enum class AccessRole { kProducer, kConsumer, kAdmin };

struct Access {
  std::string principal;  // "User:name"
  AccessRole role = AccessRole::kConsumer;
  std::vector<std::string> groups;      // Consumer: the groups it may use
  std::string transactional_id_prefix;  // Producer
  bool operator==(const Access&) const = default;
};

struct TopicSpec {
  PlatformRef platform;
  std::string topic_name;  // empty: metadata.name
  int partitions = 1;
  std::optional<int> replicas;
  std::map<std::string, std::string> config;  // numbers and booleans as Kafka writes them
  DeletionPolicy deletion_policy = DeletionPolicy::kRetain;
  std::optional<AdoptionPolicy> adoption_policy;  // default: Adopt in the platform's own namespace, else Refuse
  std::vector<Access> access;
  bool operator==(const TopicSpec&) const = default;
};

struct ConfigDrift {
  std::string key, desired, actual;
  bool operator==(const ConfigDrift&) const = default;
};

struct TopicStatus {
  std::int64_t observed_generation = 0;
  Conditions conditions;
  std::string topic_id;
  std::optional<int> partitions, replicas;
  std::vector<ConfigDrift> drift;           // keys of the spec that the topic does not have so (yet)
  std::vector<std::string> foreign_config;  // keys that somebody else set: reported, left alone
  // What this Topic put into Kafka and will take back: written before the addition, cleared after the removal.
  std::vector<std::string> owned_acls;  // kafka::AclBinding::to_string()
  std::vector<std::string> owned_config_keys;
  std::vector<std::string> plan;
  bool operator==(const TopicStatus&) const = default;
};

struct Topic {
  static constexpr std::string_view kKind = "Topic";
  Meta meta;
  TopicSpec spec;
  TopicStatus status;

  const std::string& kafka_name() const { return spec.topic_name.empty() ? meta.name : spec.topic_name; }
  bool operator==(const Topic&) const = default;
};

Result<Topic> parse_topic(const Json& object);
Json print(const Topic& topic);
Json print_status(const TopicStatus& status);

}  // namespace penstock::api
