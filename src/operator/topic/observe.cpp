#include "acls.hpp"

#include <penstock/operator/access.hpp>
#include <penstock/operator/topic/observe.hpp>

namespace penstock::op::topic {
namespace {

constexpr Duration kKafkaTimeout = 15s;

std::pair<std::optional<WallTime>, std::string> age(const api::Topic& topic) {
  return {topic.meta.created, topic.meta.uid};
}

// The other Topics of the platform: who claimed the same name first, and which access they hold.
void look_at_others(const api::Topic& topic, const Stores& stores, Observed& out) {
  const k8s::ObjectKey platform = platform_of(topic);
  const api::Topic* oldest = nullptr;
  for (const auto& [key, entry] : stores.topics.all()) {
    if (!entry->has_value() || (*entry)->meta.uid == topic.meta.uid || platform_of(**entry) != platform) continue;
    const api::Topic& other = **entry;
    if (other.kafka_name() == topic.kafka_name() && age(other) < age(topic) && (!oldest || age(other) < age(*oldest))) {
      oldest = &other;
      out.owner = key.to_string();
    }
    out.owned_by_others.merge(parse_acls(other.status.owned_acls));
    if (!other.meta.deleted) out.wanted_by_others.merge(wanted_acls(other, out.accounts));
  }
}

std::map<std::string, std::string> string_map(const Json& object) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : object.items())
    if (value.is_string()) out[key] = value.get<std::string>();
  return out;
}

std::optional<std::string> access_denied(const api::Topic& topic, const api::EventPlatform& platform,
                                         const std::map<std::string, std::string>& labels) {
  if (auto no = denied(platform, topic.meta.ns, labels, NameKind::kTopic, topic.kafka_name())) return no;
  for (const api::Access& access : topic.spec.access)
    for (const std::string& group : access.groups)
      if (auto no = denied(platform, topic.meta.ns, labels, NameKind::kGroup, group)) return no;
  return std::nullopt;
}

void look_at_platform(const api::Topic& topic, const Stores& stores, const Platform* platform, Observed& out) {
  const k8s::ObjectKey key = platform_of(topic);
  std::map<std::string, std::string> labels;
  if (const auto ns = stores.namespaces.get({"", topic.meta.ns}); ns && ns->has_value()) {
    const Json metadata = (*ns)->value("metadata", Json::object());
    labels = string_map(metadata.value("labels", Json::object()));
    out.namespace_terminating = metadata.contains("deletionTimestamp");
  }
  out.platforms_namespace = key.ns == topic.meta.ns;
  const auto resource = stores.platforms.get(key);
  if (!resource) {
    out.platform_problem = "there is no EventPlatform " + key.to_string() + "; create it, or correct `platformRef`";
    return;
  }
  out.platform = PlatformState::kNotReady;
  if (!resource->has_value()) {
    out.platform_problem = "the EventPlatform " + key.to_string() + " can't be read: " + resource->error().what;
    return;
  }
  out.denied = access_denied(topic, **resource, labels);
  for (const api::Account& account : (*resource)->spec.accounts) out.accounts.insert(account.name);
  if (platform) {
    out.platform = PlatformState::kReady;
    out.has_acls = platform->has_acls;
    return;
  }
  out.platform_problem = "the EventPlatform " + key.to_string() + " is not ready";
  if (const api::Condition* ready = (*resource)->status.conditions.find("Ready");
      ready && ready->status != api::ConditionStatus::kTrue)
    out.platform_problem += ": " + ready->message;
}

// An item that is not in the answer is as bad as an error.
template <class T>
Result<T> item(const Result<kafka::PerItem<T>>& answer, const std::string& name) {
  if (!answer) return std::unexpected(answer.error());
  const auto found = answer->find(name);
  if (found == answer->end()) return fail(Code::kUnavailable, "Kafka did not answer for the topic " + name);
  return found->second;
}

bool needs_acls(const api::Topic& topic) {
  return !topic.spec.access.empty() || !topic.status.owned_acls.empty();
}

Result<void> look_at_kafka(const api::Topic& topic, const Platform& platform, Observed& out) {
  kafka::Cluster& cluster = *platform.cluster;
  const std::string& name = topic.kafka_name();
  auto actual = item(cluster.topics({name}, kKafkaTimeout), name);
  if (actual) {
    out.actual = std::move(*actual);
    auto config = item(cluster.topic_configs({name}, kKafkaTimeout), name);
    if (!config && config.error().code != Code::kNotFound)
      return fail("reading the configuration of the topic " + name, config.error());
    if (config) {
      out.config = std::move(*config);
    } else {
      out.actual.reset();  // it went between the two
    }
  } else if (actual.error().code != Code::kNotFound) {
    return fail("describing the topic " + name, actual.error());
  }
  if (platform.has_acls && needs_acls(topic)) {
    auto acls = cluster.acls("", kKafkaTimeout);
    if (!acls) return fail("reading the ACLs", acls.error());
    out.acls = {acls->begin(), acls->end()};
  }
  if (topic.meta.deleted && topic.spec.deletion_policy == api::DeletionPolicy::kDelete && out.actual) {
    auto groups = cluster.active_groups_of(name, kKafkaTimeout);
    if (!groups) return fail("looking for groups that are active on the topic " + name, groups.error());
    out.active_groups = std::move(*groups);
  }
  return {};
}

}  // namespace

k8s::ObjectKey platform_of(const api::Topic& topic) {
  const api::PlatformRef& ref = topic.spec.platform;
  return {ref.ns.empty() ? topic.meta.ns : ref.ns, ref.name};
}

Result<Observed> observe(const api::Topic& topic, const Stores& stores, const Platform* platform) {
  Observed out;
  out.topic = topic;
  look_at_platform(topic, stores, platform, out);
  look_at_others(topic, stores, out);
  const bool may = out.owner.empty() && !out.denied;
  if (out.platform == PlatformState::kReady && (may || (topic.meta.deleted && topic.meta.has_finalizer())))
    if (auto read = look_at_kafka(topic, *platform, out); !read) return std::unexpected(read.error());
  return out;
}

}  // namespace penstock::op::topic
