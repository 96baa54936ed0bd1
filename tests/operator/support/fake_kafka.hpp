// A Kafka cluster in memory, as far as the operator writes to one.
#pragma once
#include "fake_api.hpp"

#include <penstock/kafka/cluster.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace penstock::test {

class FakeKafka final : public kafka::Cluster {
 public:
  explicit FakeKafka(Fuse& fuse) : fuse_(fuse) {}

  struct Topic {
    std::string id;
    int partitions = 1, replicas = 1;
    std::map<std::string, std::string> config;
  };

  // What somebody else does behind the operator's back.
  void make(const std::string& name, int partitions, std::map<std::string, std::string> config = {}) {
    std::string id = "id-" + std::to_string(++ids_);
    id.resize(22, '0');
    all[name] = {id, partitions, 1, std::move(config)};
  }

  Result<kafka::ClusterInfo> describe(Duration) override { return kafka::ClusterInfo{"cluster", 1, {}}; }

  Result<kafka::PerItem<kafka::TopicInfo>> topics(const std::vector<std::string>& names, Duration) override {
    if (auto dead = check(); !dead) return std::unexpected(dead.error());
    kafka::PerItem<kafka::TopicInfo> out;
    for (const std::string& name : names) {
      const auto found = all.find(name);
      if (found == all.end()) {
        out.emplace(name, fail(Code::kNotFound, "no such topic"));
        continue;
      }
      kafka::TopicInfo info{name, found->second.id, {}};
      for (int p = 0; p < found->second.partitions; ++p) {
        std::vector<int> replicas;
        for (int r = 0; r < found->second.replicas; ++r) replicas.push_back(r);
        info.partitions.push_back({p, 0, replicas, replicas});
      }
      out.emplace(name, std::move(info));
    }
    return out;
  }

  Result<kafka::PerItem<void>> create_topics(const std::vector<kafka::NewTopic>& topics, Duration) override {
    return each(topics, [&](const kafka::NewTopic& topic) -> std::pair<std::string, Result<void>> {
      if (all.contains(topic.name)) return {topic.name, fail(Code::kAlreadyExists, "exists")};
      make(topic.name, topic.partitions, topic.config);
      return {topic.name, {}};
    });
  }
  Result<kafka::PerItem<void>> grow_partitions(const std::map<std::string, int>& totals, Duration) override {
    return each(totals, [&](const auto& total) -> std::pair<std::string, Result<void>> {
      all.at(total.first).partitions = total.second;
      return {total.first, {}};
    });
  }
  Result<kafka::PerItem<void>> delete_topics(const std::vector<std::string>& names, Duration) override {
    return each(names, [&](const std::string& name) -> std::pair<std::string, Result<void>> {
      if (all.erase(name) == 0) return {name, fail(Code::kNotFound, "no such topic")};
      return {name, {}};
    });
  }

  Result<kafka::PerItem<std::vector<kafka::ConfigEntry>>> topic_configs(const std::vector<std::string>& names,
                                                                        Duration) override {
    if (auto dead = check(); !dead) return std::unexpected(dead.error());
    kafka::PerItem<std::vector<kafka::ConfigEntry>> out;
    for (const std::string& name : names) {
      std::vector<kafka::ConfigEntry> entries{{"segment.bytes", "1073741824", kafka::ConfigEntry::Source::kDefault}};
      for (const auto& [key, value] : all.at(name).config)
        entries.push_back({key, value, kafka::ConfigEntry::Source::kTopic});
      out.emplace(name, std::move(entries));
    }
    return out;
  }
  Result<void> alter_broker_config(int, const std::map<std::string, std::string>&, Duration) override {
    return fail(Code::kInternal, "a Topic has no need of this");
  }
  Result<kafka::ShownCertificate> shown_certificate(const std::string&, int, Duration) override {
    return fail(Code::kInternal, "a Topic has no need of this");
  }
  Result<kafka::PerItem<void>> alter_topic_configs(const std::vector<kafka::TopicConfigChange>& changes,
                                                   Duration) override {
    return each(changes, [&](const kafka::TopicConfigChange& change) -> std::pair<std::string, Result<void>> {
      for (const auto& [key, value] : change.set) all.at(change.topic).config[key] = value;
      for (const std::string& key : change.unset) all.at(change.topic).config.erase(key);
      return {change.topic, {}};
    });
  }

  Result<std::vector<kafka::AclBinding>> acls(const std::string&, Duration) override {
    if (auto dead = check(); !dead) return std::unexpected(dead.error());
    return std::vector<kafka::AclBinding>(bindings.begin(), bindings.end());
  }
  Result<kafka::PerItem<void>> create_acls(const std::vector<kafka::AclBinding>& added, Duration) override {
    return each(added, [&](const kafka::AclBinding& binding) -> std::pair<std::string, Result<void>> {
      bindings.insert(binding);
      return {binding.to_string(), {}};
    });
  }
  Result<kafka::PerItem<void>> delete_acls(const std::vector<kafka::AclBinding>& removed, Duration) override {
    return each(removed, [&](const kafka::AclBinding& binding) -> std::pair<std::string, Result<void>> {
      bindings.erase(binding);
      return {binding.to_string(), {}};
    });
  }
  Result<std::map<std::string, std::set<std::string>>> scram_users(Duration) override {
    return fail(Code::kInternal, "a Topic has no need of this");
  }
  Result<kafka::PerItem<void>> alter_scram_users(const std::vector<kafka::ScramChange>&, Duration) override {
    return fail(Code::kInternal, "a Topic has no need of this");
  }
  Result<std::vector<std::string>> active_groups_of(const std::string&, Duration) override { return groups; }

  std::map<std::string, Topic> all;
  std::set<kafka::AclBinding> bindings;
  std::vector<std::string> groups;
  int writes = 0;

 private:
  Result<void> check() const {
    if (fuse_.blown()) return fail(Code::kUnavailable, "the process is dead");
    return {};
  }
  template <class Items, class Do>
  Result<kafka::PerItem<void>> each(const Items& items, const Do& action) {
    if (auto dead = check(); !dead) return std::unexpected(dead.error());
    kafka::PerItem<void> out;
    for (const auto& item : items) out.insert(action(item));
    ++writes;
    fuse_.burn();
    return out;
  }

  Fuse& fuse_;
  int ids_ = 0;
};

}  // namespace penstock::test
