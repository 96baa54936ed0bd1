#include "meta_json.hpp"

#include <penstock/api/topic.hpp>

#include <algorithm>
#include <array>

namespace penstock::api {

namespace {

constexpr int kMostTopicPartitions = 100'000;
constexpr int kMostReplicationFactor = 32'767;  // an int16 in Kafka's protocol
constexpr std::size_t kMostKeys = 256, kValueLimit = 4096;

constexpr std::array<std::pair<DeletionPolicy, std::string_view>, 2> kDeletionPolicies{{
    {DeletionPolicy::kRetain, "Retain"},
    {DeletionPolicy::kDelete, "Delete"},
}};
constexpr std::array<std::pair<AdoptionPolicy, std::string_view>, 2> kAdoptionPolicies{{
    {AdoptionPolicy::kAdopt, "Adopt"},
    {AdoptionPolicy::kRefuse, "Refuse"},
}};
constexpr std::array<std::pair<AccessRole, std::string_view>, 3> kAccessRoles{{
    {AccessRole::kProducer, "Producer"},
    {AccessRole::kConsumer, "Consumer"},
    {AccessRole::kAdmin, "Admin"},
}};

Access read_access(const Field& f) {
  Access access;
  f["principal"].required().read(access.principal);
  f["role"].required().read(access.role, Names<AccessRole>(kAccessRoles));
  f["groups"].read(access.groups);
  f["transactionalIdPrefix"].read(access.transactional_id_prefix);
  if (f["principal"].present() && (!access.principal.starts_with("User:") || access.principal.size() < 6))
    f["principal"].wrong("must read User:<name>");
  if (access.principal == "User:*") f["principal"].wrong("must not be User:*: access for everybody is never granted");
  if (std::ranges::find(access.groups, "*") != access.groups.end())
    f["groups"].wrong("must not contain *: name the groups");
  if (!access.groups.empty() && access.role != AccessRole::kConsumer)
    f["groups"].wrong("must only be set for the role Consumer");
  if (!access.transactional_id_prefix.empty() && access.role != AccessRole::kProducer)
    f["transactionalIdPrefix"].wrong("must only be set for the role Producer");
  return access;
}

TopicSpec read_spec(const Field& f, const Meta& meta) {
  TopicSpec spec;
  spec.platform = read_platform_ref(f);
  f["topicName"].read(spec.topic_name);
  if (f["topicName"].present())
    check_topic_name(spec.topic_name, f["topicName"]);
  else if (meta.name.size() > 249)
    f["topicName"].wrong("must be set: metadata.name is longer than the 249 characters that Kafka allows");
  f["partitions"].read(spec.partitions, 1, kMostTopicPartitions);
  if (f["replicas"].present()) f["replicas"].read(spec.replicas.emplace(1), 1, kMostReplicationFactor);
  f["config"].read(spec.config);
  f["deletionPolicy"].read(spec.deletion_policy, Names<DeletionPolicy>(kDeletionPolicies));
  if (f["adoptionPolicy"].present())
    f["adoptionPolicy"].read(spec.adoption_policy.emplace(), Names<AdoptionPolicy>(kAdoptionPolicies));
  f["access"].for_each([&](const Field& item) { spec.access.push_back(read_access(item)); });
  return spec;
}

TopicStatus read_topic_status(const Json& object) {
  Problems ignored;
  const Field f = Field(object, "", ignored)["status"];
  TopicStatus status;
  f["observedGeneration"].read(status.observed_generation);
  status.conditions = read_conditions(f);
  f["topicId"].read(status.topic_id);
  f["partitions"].read(status.partitions);
  f["replicas"].read(status.replicas);
  f["drift"].for_each([&](const Field& item) {
    ConfigDrift drift;
    item["key"].read(drift.key);
    item["desired"].read(drift.desired);
    item["actual"].read(drift.actual);
    status.drift.push_back(std::move(drift));
  });
  f["foreignConfig"].read(status.foreign_config);
  f["owned"]["aclBindings"].read(status.owned_acls);
  f["owned"]["configKeys"].read(status.owned_config_keys);
  f["plan"].read(status.plan);
  return status;
}

Json print_access(const Access& access) {
  Json out{{"principal", access.principal}, {"role", name_of(access.role, Names<AccessRole>(kAccessRoles))}};
  put(out, "groups", access.groups);
  put(out, "transactionalIdPrefix", access.transactional_id_prefix);
  return out;
}

Json print_spec(const TopicSpec& spec) {
  Json out{{"platformRef", print_platform_ref(spec.platform)},
           {"partitions", spec.partitions},
           {"deletionPolicy", name_of(spec.deletion_policy, Names<DeletionPolicy>(kDeletionPolicies))}};
  put(out, "topicName", spec.topic_name);
  put_optional(out, "replicas", spec.replicas);
  put(out, "config", spec.config);
  if (spec.adoption_policy)
    out["adoptionPolicy"] = name_of(*spec.adoption_policy, Names<AdoptionPolicy>(kAdoptionPolicies));
  for (const auto& access : spec.access) out["access"].push_back(print_access(access));
  return out;
}

}  // namespace

Result<Topic> parse_topic(const Json& object) {
  Problems problems;
  const Field root(object, "", problems);
  Topic topic;
  topic.meta = read_meta(root, Topic::kKind);
  topic.spec = read_spec(root["spec"].required(), topic.meta);
  topic.status = read_topic_status(object);
  return problems.or_value(std::move(topic));
}

Json print(const Topic& topic) {
  return print_object(Topic::kKind, topic.meta, print_spec(topic.spec), print_status(topic.status));
}

Json print_status(const TopicStatus& status) {
  Json out = print_status_head(status.observed_generation, status.conditions);
  put(out, "topicId", status.topic_id);
  put_optional(out, "partitions", status.partitions);
  put_optional(out, "replicas", status.replicas);
  for (const auto& drift : status.drift) {
    if (out["drift"].size() == kMostKeys) break;
    out["drift"].push_back({{"key", drift.key},
                            {"desired", clipped(drift.desired, kValueLimit)},
                            {"actual", clipped(drift.actual, kValueLimit)}});
  }
  put(out, "foreignConfig", clipped(status.foreign_config, kMostKeys, kLineLimit));
  Json owned = Json::object();
  // Never clipped: a ledger that leaves something out would be a lie.
  put(owned, "aclBindings", status.owned_acls);
  put(owned, "configKeys", status.owned_config_keys);
  put_object(out, "owned", std::move(owned));
  put(out, "plan", clipped(status.plan, kMostLines, kLineLimit));
  return out;
}

}  // namespace penstock::api
