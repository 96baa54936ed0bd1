#include "deletion.hpp"

#include "acls.hpp"
#include "finalizer.hpp"

#include <penstock/operator/status_writer.hpp>

namespace penstock::op::topic {
namespace {

using api::ConditionStatus;

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > kShown) out += " and " + std::to_string(names.size() - kShown) + " more";
  return out;
}

class Deletion {
 public:
  Deletion(const Observed& observed, WallTime now) : o_(observed), topic_(observed.topic), now_(now) {
    status().observed_generation = topic_.meta.generation;
    status().plan.clear();
  }

  Plan<api::TopicStatus> run() {
    if (!topic_.meta.has_finalizer()) return std::move(plan_);
    if (o_.platform == PlatformState::kAbsent) return leave("its platform is gone");
    if (o_.platform == PlatformState::kNotReady) {
      if (o_.namespace_terminating || forced()) return leave("its platform does not answer");
      return blocked("PlatformNotReady", o_.platform_problem +
                                             "; the Topic waits to take its access (and topic) back, or set "
                                             "penstock.dev/force-delete: \"true\" to leave them");
    }
    if (topic_.spec.deletion_policy == api::DeletionPolicy::kDelete && o_.actual && o_.owner.empty() && !take_topic())
      return std::move(plan_);
    take_access();
    plan_.actions.push_back(set_finalizer(topic_.meta, false));
    return std::move(plan_);
  }

 private:
  api::TopicStatus& status() { return plan_.status; }
  bool forced() const { return topic_.meta.flag(api::annotations::kForceDelete); }

  // False: blocked.
  bool take_topic() {
    const std::string& name = topic_.kafka_name();
    const api::Condition* created = topic_.status.conditions.find("Created");
    const bool creating = created && created->reason == "Creating";
    if (topic_.status.topic_id.empty() && creating && !o_.actual->topic_id.empty()) {
      status().topic_id = o_.actual->topic_id;
      plan_.actions.push_back(record(topic_.meta, status(), "before the topic that it made is deleted"));
    }
    if (status().topic_id.empty() || status().topic_id != o_.actual->topic_id) {
      keep("the Kafka topic \"" + name + "\" is not the one that this Topic had, and stays");
      return true;
    }
    if (!o_.active_groups.empty() && !forced()) {
      const std::string groups = joined(o_.active_groups);
      if (o_.namespace_terminating) {
        keep("the Kafka topic \"" + name + "\" stays, because the groups " + groups + " are active on it");
        return true;
      }
      blocked("GroupsActive", "groups are active on the Kafka topic \"" + name + "\": " + groups +
                                  "; stop them, or set penstock.dev/force-delete: \"true\"");
      return false;
    }
    plan_.actions.push_back(DeleteTopic{name, status().topic_id, "the Topic is deleted and deletionPolicy is Delete"});
    return true;
  }

  void take_access() {
    if (!o_.has_acls) return;
    AclChange change = change_acls(o_, false);
    if (!change.remove.empty())
      plan_.actions.push_back(DeleteAcls{std::move(change.remove), "the Topic that made them is deleted"});
  }

  void keep(const std::string& note) { plan_.actions.push_back(EmitEvent{true, "TopicKept", "Delete", note}); }

  Plan<api::TopicStatus> leave(const std::string& why) {
    if (!status().owned_acls.empty() || topic_.spec.deletion_policy == api::DeletionPolicy::kDelete)
      plan_.actions.push_back(
          EmitEvent{true, "LeftBehind", "Delete", "what this Topic made in Kafka was left there, because " + why});
    plan_.actions.push_back(set_finalizer(topic_.meta, false));
    return std::move(plan_);
  }

  Plan<api::TopicStatus> blocked(const std::string& reason, const std::string& message) {
    if (!topic_.status.conditions.is_true("DeletionBlocked"))
      plan_.actions.push_back(EmitEvent{true, "DeletionBlocked", "Delete", message});
    status().conditions.set("DeletionBlocked", ConditionStatus::kTrue, reason, message, topic_.meta.generation, now_);
    set_ready(status().conditions, topic_.meta.generation, now_, ConditionStatus::kFalse, "DeletionBlocked", message);
    plan_.look_again = kDeletionCheck;
    return plan_;
  }

  const Observed& o_;
  const api::Topic& topic_;
  WallTime now_;
  Plan<api::TopicStatus> plan_{{}, o_.topic.status, {}};
};

}  // namespace

Plan<api::TopicStatus> plan_deletion(const Observed& observed, WallTime now) {
  return Deletion(observed, now).run();
}

}  // namespace penstock::op::topic
