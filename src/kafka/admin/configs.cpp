#include "cluster.hpp"

namespace penstock::kafka {
namespace {

using Resource = Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;

ConfigEntry::Source source_of(rd_kafka_ConfigSource_t source) {
  switch (source) {
    case RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG:
      return ConfigEntry::Source::kTopic;
    case RD_KAFKA_CONFIG_SOURCE_DYNAMIC_BROKER_CONFIG:
      return ConfigEntry::Source::kBroker;
    case RD_KAFKA_CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER_CONFIG:
      return ConfigEntry::Source::kClusterDefault;
    case RD_KAFKA_CONFIG_SOURCE_STATIC_BROKER_CONFIG:
      return ConfigEntry::Source::kStatic;
    case RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG:
      return ConfigEntry::Source::kDefault;
    default:
      return ConfigEntry::Source::kOther;
  }
}

std::vector<ConfigEntry> entries_of(const rd_kafka_ConfigResource_t* resource) {
  std::size_t count = 0;
  const auto** configs = rd_kafka_ConfigResource_configs(resource, &count);
  std::vector<ConfigEntry> entries;
  entries.reserve(count);
  for (const auto* config : std::span(configs, count)) {
    ConfigEntry entry{rd_kafka_ConfigEntry_name(config), std::nullopt, source_of(rd_kafka_ConfigEntry_source(config))};
    const char* value = rd_kafka_ConfigEntry_value(config);
    if (value && rd_kafka_ConfigEntry_is_sensitive(config) != 1) entry.value = value;
    entries.push_back(std::move(entry));
  }
  return entries;
}

// Calls `good` with each resource that has no error of its own.
template <class T, class Good>
void read_resources(std::span<const rd_kafka_ConfigResource_t*> resources, Outcome<T>& outcome, Good good) {
  for (const auto* resource : resources) {
    const std::string name = rd_kafka_ConfigResource_name(resource);
    const auto error = rd_kafka_ConfigResource_error(resource);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
      outcome.set(name, good(resource));
    else
      outcome.refuse(name, to_error(error, rd_kafka_ConfigResource_error_string(resource)));
  }
}

// Fills `resource`; what librdkafka says when it refuses.
std::optional<Error> add(const std::map<std::string, std::string>& set, const std::vector<std::string>& unset,
                         rd_kafka_ConfigResource_t* resource) {
  const auto failed = [](rd_kafka_error_t* raw_error) {
    const Owned<rd_kafka_error_t, rd_kafka_error_destroy> error(raw_error);
    return to_error(error.get());
  };
  for (const auto& [key, value] : set)
    if (auto error = failed(rd_kafka_ConfigResource_add_incremental_config(
            resource, key.c_str(), RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, value.c_str())))
      return error;
  for (const std::string& key : unset)
    if (auto error = failed(rd_kafka_ConfigResource_add_incremental_config(
            resource, key.c_str(), RD_KAFKA_ALTER_CONFIG_OP_TYPE_DELETE, nullptr)))
      return error;
  return std::nullopt;
}

auto read_altered(Outcome<void>& outcome) {
  return [&outcome](const rd_kafka_event_t* answer, std::span<const std::string>) {
    std::size_t count = 0;
    const auto** found = rd_kafka_IncrementalAlterConfigs_result_resources(answer, &count);
    read_resources({found, count}, outcome, [](const auto*) { return Result<void>{}; });
  };
}

}  // namespace

Result<PerItem<std::vector<ConfigEntry>>> AdminCluster::topic_configs(const std::vector<std::string>& topics,
                                                                      Duration timeout) {
  Outcome<std::vector<ConfigEntry>> outcome;
  const auto asked = sendable(topics, outcome);
  Batch batch(*handle_, timeout);
  for (const auto chunk : in_chunks(std::span(asked))) {
    std::vector<Resource> resources;
    for (const std::string& name : chunk)
      resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
    auto pointers = raw(resources);
    batch.submit(
        RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS,
        [&](rd_kafka_t* rk, const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
          rd_kafka_DescribeConfigs(rk, pointers.data(), pointers.size(), options, queue);
        },
        [&outcome, chunk](const Result<const rd_kafka_event_t*>& answer) {
          if (!answer) return outcome.request_failed(chunk, answer.error());
          std::size_t count = 0;
          const auto** found = rd_kafka_DescribeConfigs_result_resources(*answer, &count);
          read_resources({found, count}, outcome, entries_of);
        });
  }
  batch.run();
  return outcome.take(asked);
}

Result<PerItem<void>> AdminCluster::alter_topic_configs(const std::vector<TopicConfigChange>& changes,
                                                        Duration timeout) {
  Outcome<void> outcome;
  std::map<std::string, Resource> by_topic;
  std::map<std::string, int> mentions;
  for (const TopicConfigChange& change : changes) ++mentions[change.topic];
  for (const TopicConfigChange& change : changes) {
    if (change.topic.empty() || mentions[change.topic] > 1) {
      outcome.refuse(change.topic,
                     Error{Code::kInvalid, "each topic must be named, once, with all its changes", Retry::never()});
      continue;
    }
    if (change.set.empty() && change.unset.empty()) {
      outcome.set(change.topic, {});
      continue;
    }
    Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, change.topic.c_str()));
    if (auto error = add(change.set, change.unset, resource.get()))
      outcome.refuse(change.topic, *std::move(error));
    else
      by_topic.emplace(change.topic, std::move(resource));
  }

  std::vector<std::string> names;
  std::vector<rd_kafka_ConfigResource_t*> pointers;
  for (const auto& [name, resource] : by_topic) {
    names.push_back(name);
    pointers.push_back(resource.get());
  }
  Batch batch(*handle_, timeout);
  send_in_chunks(batch, RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS, names, pointers, outcome,
                 rd_kafka_IncrementalAlterConfigs, read_altered(outcome));
  batch.run();
  return outcome.take(names);
}

Result<void> AdminCluster::alter_broker_config(int broker, const std::map<std::string, std::string>& set,
                                               Duration timeout) {
  const std::vector<std::string> names{std::to_string(broker)};
  const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, names[0].c_str()));
  if (auto error = add(set, {}, resource.get())) return std::unexpected(*std::move(error));
  std::vector<rd_kafka_ConfigResource_t*> pointers{resource.get()};
  Outcome<void> outcome;
  Batch batch(*handle_, timeout);
  send_in_chunks(batch, RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS, names, pointers, outcome,
                 rd_kafka_IncrementalAlterConfigs, read_altered(outcome));
  batch.run();
  const auto taken = outcome.take(names);
  return taken ? taken->at(names[0]) : std::unexpected(taken.error());
}

}  // namespace penstock::kafka
