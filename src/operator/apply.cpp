#include <penstock/base/log.hpp>
#include <penstock/operator/apply.hpp>

namespace penstock::op {
namespace {

// Long enough for a controller that is electing, short enough for a worker that others wait for.
constexpr Duration kKafkaTimeout = 15s;

class Applier {
 public:
  Applier(const Sinks& sinks, std::stop_token stop) : sinks_(sinks), stop_(std::move(stop)) {}

  Result<void> operator()(const CreateObject& a) {
    const auto made = sinks_.client->call(k8s::create(a.resource, a.object, sinks_.field_manager), stop_);
    if (made) return {};
    if (made.error().code == Code::kAlreadyExists) return check_ours(a);
    return std::unexpected(made.error());
  }
  Result<void> operator()(const PatchObject& a) {
    return discard(
        sinks_.client->call(k8s::merge_patch(a.resource, a.key, a.merge_patch, sinks_.field_manager), stop_));
  }
  Result<void> operator()(const DeleteObject& a) {
    const auto gone = sinks_.client->call(k8s::remove(a.resource, a.key, a.uid), stop_);
    if (!gone && gone.error().code == Code::kNotFound) return {};
    return discard(gone);
  }
  Result<void> operator()(const SetScale& a) {
    return discard(sinks_.client->call(k8s::set_scale(a.resource, a.key, a.to, sinks_.field_manager), stop_));
  }
  Result<void> operator()(const RecordStatus& a) {
    return discard(sinks_.client->call(k8s::apply_status(a.resource, a.object, sinks_.field_manager), stop_));
  }

  Result<void> operator()(const CreateTopic& a) {
    return one(sinks_.cluster->create_topics({a.topic}, kKafkaTimeout), a.topic.name, Code::kAlreadyExists);
  }
  Result<void> operator()(const GrowPartitions& a) {
    return one(sinks_.cluster->grow_partitions({{a.topic, a.to}}, kKafkaTimeout), a.topic);
  }
  Result<void> operator()(const AlterTopicConfig& a) {
    return one(sinks_.cluster->alter_topic_configs({a.change}, kKafkaTimeout), a.change.topic);
  }
  Result<void> operator()(const AlterBrokerConfig& a) {
    // What the broker shows afterwards tells whether it was of use, and nothing else waits for it.
    if (const auto done = sinks_.cluster->alter_broker_config(a.broker, a.set, kKafkaTimeout); !done)
      log::warn("a broker did not take a setting",
                {{"controller", sinks_.controller}, {"broker", a.broker}, {"error", done.error().to_string()}});
    return {};
  }
  Result<void> operator()(const DeleteTopic& a) {
    return one(sinks_.cluster->delete_topics({a.topic}, kKafkaTimeout), a.topic, Code::kNotFound);
  }
  Result<void> operator()(const CreateAcls& a) { return every(sinks_.cluster->create_acls(a.bindings, kKafkaTimeout)); }
  Result<void> operator()(const DeleteAcls& a) { return every(sinks_.cluster->delete_acls(a.bindings, kKafkaTimeout)); }

  Result<void> operator()(const AlterScramUsers& a) {
    return every(sinks_.cluster->alter_scram_users(a.changes, kKafkaTimeout));
  }

  Result<void> operator()(const EmitEvent& a) {
    sinks_.events->record(sinks_.regarding, a.warning ? "Warning" : "Normal", a.reason, a.action, a.note);
    return {};
  }

 private:
  template <class T>
  static Result<void> discard(const Result<T>& result) {
    if (result) return {};
    return std::unexpected(result.error());
  }

  // A creation that was repeated after its answer was lost finds its own work; anything else is somebody's.
  Result<void> check_ours(const CreateObject& a) {
    const auto key = k8s::key_of(a.object);
    const auto there = sinks_.client->find(a.resource, key, stop_);
    if (!there) return std::unexpected(there.error());
    if (!*there)
      return fail(Code::kConflict, a.resource.kind + " " + key.to_string() + " came and went", Retry::later());
    const auto owners = [](const Json& object) {
      return object.at("metadata").value("ownerReferences", Json::array());
    };
    const auto labels = [](const Json& object) { return object.at("metadata").value("labels", Json::object()); };
    const Json wanted = owners(a.object);
    const bool ours =
        wanted.empty() ? labels(**there) == labels(a.object)
                       : !owners(**there).empty() && owners(**there)[0].value("uid", "") == wanted[0].value("uid", "");
    // Keys are drawn anew each time: one that somebody else has put there in the meantime is not ours to build upon.
    if (ours && a.resource == k8s::kinds::kSecret && (**there)["data"] != a.object["data"])
      return fail(Code::kConflict, "Secret " + key.to_string() + " was made in the meantime", Retry::later());
    if (ours) return {};
    return fail(Code::kConflict,
                a.resource.kind + " " + key.to_string() +
                    " exists and is not ours: delete or rename it, or rename this resource",
                Retry::after(1min));
  }

  static Result<void> one(const Result<kafka::PerItem<void>>& results, const std::string& item,
                          std::optional<Code> done = std::nullopt) {
    if (!results) return std::unexpected(results.error());
    const auto found = results->find(item);
    if (found == results->end()) return fail(Code::kInternal, "Kafka did not answer for " + item);
    if (!found->second && found->second.error().code != done) return std::unexpected(found->second.error());
    return {};
  }

  static Result<void> every(const Result<kafka::PerItem<void>>& results) {
    if (!results) return std::unexpected(results.error());
    for (const auto& [item, result] : *results)
      if (!result) return fail(item, result.error());
    return {};
  }

  const Sinks& sinks_;
  std::stop_token stop_;
};

template <class T>
concept KafkaAction =
    std::same_as<T, CreateTopic> || std::same_as<T, GrowPartitions> || std::same_as<T, AlterTopicConfig> ||
    std::same_as<T, AlterBrokerConfig> || std::same_as<T, DeleteTopic> || std::same_as<T, CreateAcls> ||
    std::same_as<T, DeleteAcls> || std::same_as<T, AlterScramUsers>;

bool needs_kafka(const Action& action) {
  return std::visit([]<class T>(const T&) { return KafkaAction<T>; }, action);
}

}  // namespace

Result<void> apply(const std::vector<Action>& actions, const Sinks& sinks, std::stop_token stop) {
  Applier applier(sinks, stop);
  for (const Action& action : actions) {
    if (stop.stop_requested()) return fail(Code::kCancelled, "stopping");
    const std::string text = to_string(action);
    if (needs_kafka(action) && !sinks.cluster) return fail(Code::kInternal, text + ": no Kafka cluster at hand");
    const auto key = k8s::key_of(sinks.regarding);
    log::info("apply", {{"controller", sinks.controller},
                        {"namespace", key.ns},
                        {"name", key.name},
                        {"reconcileID", sinks.reconcile_id},
                        {"action", text},
                        {"disruptive", disrupts(action)}});
    if (const auto done = std::visit(applier, action); !done) return fail(text, done.error());
  }
  return {};
}

}  // namespace penstock::op
