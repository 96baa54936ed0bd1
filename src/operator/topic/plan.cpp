#include "acls.hpp"
#include "deletion.hpp"
#include "finalizer.hpp"

#include <penstock/base/hash.hpp>
#include <penstock/k8s/resource.hpp>
#include <penstock/operator/status_writer.hpp>
#include <penstock/operator/topic/plan.hpp>

namespace penstock::op::topic {
namespace {

using api::ConditionStatus;

std::string quoted(const std::string& name) {
  return "\"" + name + "\"";
}

bool adopts(const Observed& o) {
  if (o.topic.spec.adoption_policy) return *o.topic.spec.adoption_policy == api::AdoptionPolicy::kAdopt;
  return o.platforms_namespace;
}

// The same Topic is looked at at the same distance always, different ones are spread.
Duration spread(Duration around, const std::string& uid) {
  const auto share = static_cast<int>(std::stoull(stable_hash(uid).substr(8), nullptr, 16) % 201) - 100;  // −100…100
  return around + around / 10 * share / 100;
}

class Planner {
 public:
  Planner(const Observed& observed, WallTime now) : o_(observed), topic_(observed.topic), now_(now) {
    status().observed_generation = topic_.meta.generation;
    status().plan.clear();
    status().drift.clear();
    status().foreign_config.clear();
    plan_.look_again = spread(kDriftCheck, topic_.meta.uid);
  }

  Plan<api::TopicStatus> run() && {
    look();
    return std::move(plan_);
  }

 private:
  void look() {
    set("Conflict", ConditionStatus::kFalse, "NoConflict", "no other Topic claims this Kafka topic");
    if (!o_.owner.empty())
      return conflict("Claimed", "the Kafka topic " + quoted(name()) + " belongs to the Topic " + o_.owner +
                                     ", which is older; delete one of the two");
    if (o_.platform == PlatformState::kAbsent)
      return stop("PlatformNotFound", o_.platform_problem, ConditionStatus::kFalse, false);
    if (o_.denied) return stop("NotAllowed", *o_.denied, ConditionStatus::kFalse, true);
    if (name().starts_with("__"))
      return stop("NotAllowed", "Kafka's own topics (__…) are not for a Topic; choose another `topicName`",
                  ConditionStatus::kFalse, true);
    if (auto refused = refused_access(o_)) return stop("AccessRefused", *refused, ConditionStatus::kFalse, true);
    if (o_.platform == PlatformState::kNotReady)
      return stop("PlatformNotReady", o_.platform_problem, ConditionStatus::kUnknown, false);
    if (!o_.actual) {
      create();
    } else {
      if (!identify()) return;
      compare_partitions();
      compare_replicas();
      compare_config();
    }
    compare_access();
    finish();
  }

  api::TopicStatus& status() { return plan_.status; }
  const std::string& name() const { return topic_.kafka_name(); }
  void set(const char* type, ConditionStatus value, const std::string& reason, const std::string& message) {
    status().conditions.set(type, value, reason, message, topic_.meta.generation, now_);
  }
  void event(bool warning, const std::string& reason, const std::string& action, const std::string& note) {
    events_.push_back(EmitEvent{warning, reason, action, note});
  }

  void stop(const std::string& reason, const std::string& message, ConditionStatus ready, bool stalled) {
    set_ready(status().conditions, topic_.meta.generation, now_, ready, reason, message, stalled);
  }

  void conflict(const std::string& reason, const std::string& message) {
    if (!topic_.status.conditions.is_true("Conflict"))
      plan_.actions.push_back(EmitEvent{true, "Conflict", "Reconcile", message});
    set("Conflict", ConditionStatus::kTrue, reason, message);
    plan_.look_again = kConflictCheck;
    stop("Conflict", message, ConditionStatus::kFalse, true);
  }

  void stall(const std::string& reason, const std::string& message) {
    if (stalled_reason_.empty()) {
      stalled_reason_ = reason;
      stalled_message_ = message;
    }
  }

  void create() {
    if (!topic_.status.topic_id.empty())
      event(true, "DeletedOutside", "Create",
            "the Kafka topic " + quoted(name()) + " was deleted by somebody else and is created again, empty");
    // Recorded first: a topic that is there later, and was not before, is then known to be ours.
    status().topic_id.clear();
    status().partitions.reset();
    status().replicas.reset();
    set("Created", ConditionStatus::kFalse, "Creating", "this Topic is creating the Kafka topic");
    status().owned_config_keys.clear();
    for (const auto& [key, value] : topic_.spec.config) status().owned_config_keys.push_back(key);
    kafka::NewTopic wanted{name(), topic_.spec.partitions, topic_.spec.replicas.value_or(-1), topic_.spec.config};
    kafka_.push_back(CreateTopic{std::move(wanted), "no such topic is there yet"});
    event(false, "TopicCreated", "Create", "created the Kafka topic " + quoted(name()));
  }

  // Whether the topic that is there is this Topic's; pins its id.
  bool identify() {
    const std::string& pinned = topic_.status.topic_id;
    const std::string& id = o_.actual->topic_id;
    const api::Condition* created = topic_.status.conditions.find("Created");
    if (created && created->reason == "Creating") {
      set("Created", ConditionStatus::kTrue, "Created", "this Topic created the Kafka topic");
    } else if (pinned.empty() && !(created && id.empty())) {  // a cluster without topic ids: known from before
      if (!adopts(o_)) {
        conflict("TopicExists",
                 "the Kafka topic " + quoted(name()) +
                     " exists already and no Topic made it; set `adoptionPolicy: Adopt` to take it over, "
                     "or choose another `topicName`");
        return false;
      }
      set("Created", ConditionStatus::kTrue, "Adopted", "the Kafka topic was there before this Topic");
      event(false, "TopicAdopted", "Adopt", "took over the existing Kafka topic " + quoted(name()));
    } else if (!pinned.empty() && id != pinned) {
      const std::string what = "the Kafka topic " + quoted(name()) +
                               " was deleted and made anew by somebody else (id " + id + ", not " + pinned + ")";
      if (!adopts(o_)) {
        if (!recreated_before()) plan_.actions.push_back(EmitEvent{true, "Recreated", "Reconcile", what});
        set("Drifted", ConditionStatus::kTrue, "Recreated", what);
        stop("Recreated", what + "; nothing is changed on it: set `adoptionPolicy: Adopt` to take it over",
             ConditionStatus::kFalse, true);
        return false;
      }
      event(true, "Recreated", "Adopt", what + "; it is taken over");
      set("Created", ConditionStatus::kTrue, "Adopted", "the Kafka topic was made anew by somebody else");
      status().owned_config_keys.clear();  // they were of the topic that is gone
    }
    if (!id.empty()) status().topic_id = id;
    return true;
  }

  bool recreated_before() const {
    const api::Condition* drifted = topic_.status.conditions.find("Drifted");
    return drifted && drifted->status == ConditionStatus::kTrue && drifted->reason == "Recreated";
  }

  void compare_partitions() {
    const int actual = static_cast<int>(o_.actual->partitions.size());
    const int wanted = topic_.spec.partitions;
    status().partitions = actual;
    if (wanted > actual) {
      kafka_.push_back(GrowPartitions{name(), actual, wanted, "spec.partitions says so"});
    } else if (wanted < actual) {
      const std::string message =
          "the Kafka topic " + quoted(name()) + " has " + std::to_string(actual) +
          " partitions and Kafka can't take any away; set `partitions: " + std::to_string(actual) + "`";
      drifted_.emplace_back("ShrinkRefused", message);
      stall("ShrinkRefused", message);
    }
  }

  void compare_replicas() {
    std::size_t fewest = 0, under = 0;
    for (const kafka::PartitionInfo& partition : o_.actual->partitions) {
      if (fewest == 0 || partition.replicas.size() < fewest) fewest = partition.replicas.size();
      if (partition.in_sync_replicas.size() < partition.replicas.size()) ++under;
    }
    const int actual = static_cast<int>(fewest);
    if (actual > 0) status().replicas = actual;
    if (topic_.spec.replicas && actual > 0 && *topic_.spec.replicas != actual)
      drifted_.emplace_back("ReplicasDiffer",
                            "the Kafka topic has " + std::to_string(actual) + " replicas, not the " +
                                std::to_string(*topic_.spec.replicas) +
                                " of `replicas`; reassign its partitions with kafka-reassign-partitions");
    if (under > 0) {
      set("UnderReplicated", ConditionStatus::kTrue, "ReplicasBehind",
          std::to_string(under) + " of its partitions have replicas that are not in sync; look at the brokers");
    } else {
      set("UnderReplicated", ConditionStatus::kFalse, "InSync", "all replicas are in sync");
    }
  }

  void compare_config() {
    std::map<std::string, const kafka::ConfigEntry*> actual;
    for (const kafka::ConfigEntry& entry : o_.config) actual[entry.name] = &entry;
    kafka::TopicConfigChange change{name(), {}, {}};
    std::set<std::string> ledger;
    for (const auto& [key, value] : topic_.spec.config) {
      ledger.insert(key);
      const auto found = actual.find(key);
      const bool own = found != actual.end() && found->second->source == kafka::ConfigEntry::Source::kTopic;
      const bool same = own && found->second->value.value_or(value) == value;
      if (same) continue;
      change.set[key] = value;
      status().drift.push_back({key, value, found == actual.end() ? "" : found->second->value.value_or("")});
    }
    const std::set<std::string> owned(status().owned_config_keys.begin(), status().owned_config_keys.end());
    for (const auto& [key, entry] : actual) {
      if (entry->source != kafka::ConfigEntry::Source::kTopic || topic_.spec.config.contains(key)) continue;
      if (owned.contains(key)) {
        change.unset.push_back(key);
        ledger.insert(key);
      } else {
        status().foreign_config.push_back(key);
      }
    }
    status().owned_config_keys.assign(ledger.begin(), ledger.end());
    if (!change.set.empty() || !change.unset.empty())
      kafka_.push_back(AlterTopicConfig{std::move(change), "spec.config says so"});
  }

  void compare_access() {
    if (!o_.has_acls) {
      if (!topic_.spec.access.empty())
        stall("AclsUnsupported",
              "`access` is set, but the platform has no authorizer, so everybody may use the topic; configure one, or "
              "remove `access`");
      return;
    }
    AclChange change = change_acls(o_, true);
    status().owned_acls = change.ledger;
    if (!change.add.empty()) kafka_.push_back(CreateAcls{std::move(change.add), "spec.access says so"});
    if (!change.remove.empty()) kafka_.push_back(DeleteAcls{std::move(change.remove), "spec.access no longer says so"});
  }

  void finish() {
    if (!status().drift.empty() && drifted_.empty())
      drifted_.emplace_back("ConfigDiffers", "its configuration differs from the spec, see status.drift");
    if (drifted_.empty()) {
      set("Drifted", ConditionStatus::kFalse, "InSync", "the Kafka topic is as the spec says");
    } else {
      set("Drifted", ConditionStatus::kTrue, drifted_.front().first, drifted_.front().second);
    }
    if (!stalled_reason_.empty()) {
      stop(stalled_reason_, stalled_message_, ConditionStatus::kFalse, true);
    } else if (!kafka_.empty()) {
      stop("Applying", "the Kafka topic is being changed", ConditionStatus::kFalse, false);
    } else {
      stop("InSync", "the Kafka topic is as the spec says", ConditionStatus::kTrue, false);
    }
    if (!kafka_.empty()) plan_.look_again = kVerify;
    compose();
  }

  // Order: the finalizer, then the ledger, then Kafka, then what to tell.
  void compose() {
    const bool cleanup = needs_finalizer(topic_, status());
    if (cleanup != topic_.meta.has_finalizer()) plan_.actions.push_back(set_finalizer(topic_.meta, cleanup));
    if (ledger_moves() && !kafka_.empty())
      plan_.actions.push_back(record(topic_.meta, status(), "before Kafka is changed"));
    for (Action& action : kafka_) plan_.actions.push_back(std::move(action));
    for (Action& action : events_) plan_.actions.push_back(std::move(action));
  }

  bool ledger_moves() {
    const api::Condition* before = topic_.status.conditions.find("Created");
    const api::Condition* after = status().conditions.find("Created");
    return status().owned_acls != topic_.status.owned_acls ||
           status().owned_config_keys != topic_.status.owned_config_keys ||
           status().topic_id != topic_.status.topic_id || (after && (!before || before->reason != after->reason));
  }

  const Observed& o_;
  const api::Topic& topic_;
  WallTime now_;
  Plan<api::TopicStatus> plan_{{}, o_.topic.status, {}};
  std::vector<Action> kafka_, events_;
  std::vector<std::pair<std::string, std::string>> drifted_;
  std::string stalled_reason_, stalled_message_;
};

}  // namespace

Plan<api::TopicStatus> plan(const Observed& observed, WallTime now) {
  if (observed.topic.meta.deleted) return plan_deletion(observed, now);
  return Planner(observed, now).run();
}

}  // namespace penstock::op::topic
