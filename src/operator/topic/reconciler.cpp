#include <penstock/base/log.hpp>
#include <penstock/operator/hold.hpp>
#include <penstock/operator/invalid.hpp>
#include <penstock/operator/status_writer.hpp>
#include <penstock/operator/topic/observe.hpp>
#include <penstock/operator/topic/reconciler.hpp>

namespace penstock::op::topic {
namespace {

// What is recorded of Kafka stays as it is when nothing is done there.
void keep_ledger(api::TopicStatus& status, const api::TopicStatus& before) {
  status.topic_id = before.topic_id;
  status.owned_acls = before.owned_acls;
  status.owned_config_keys = before.owned_config_keys;
  if (const api::Condition* created = before.conditions.find("Created")) {
    status.conditions.set("Created", created->status, created->reason, created->message, created->observed_generation,
                          created->last_transition);
  } else {
    status.conditions.remove("Created");
  }
}

bool records(const std::vector<Action>& actions) {
  return std::ranges::any_of(actions, [](const Action& a) { return std::holds_alternative<RecordStatus>(a); });
}

}  // namespace

Reconciler::Reconciler(const Stores& stores, const Platforms& platforms, k8s::Client client, k8s::EventRecorder& events,
                       const Clock& clock)
    : stores_(stores),
      platforms_(platforms),
      client_(client),
      events_(events),
      clock_(clock),
      latest_(k8s::kinds::kTopic, stores.topics, std::move(client), api::parse_topic) {}

Result<runtime::Outcome> Reconciler::operator()(const k8s::ObjectKey& key, runtime::ReconcileContext& context) {
  const auto topic = latest_.read(key, context.stop);
  if (!topic && topic.error().code == Code::kInvalid) {
    const auto told =
        report_invalid(client_, k8s::kinds::kTopic, key, topic.error(), clock_.wall(), kFieldManager, context.stop);
    return told ? Result<runtime::Outcome>{} : std::unexpected(told.error());
  }
  if (!topic) return std::unexpected(topic.error());
  if (!*topic) return runtime::Outcome{};
  return work(**topic, context);
}

Result<runtime::Outcome> Reconciler::work(const api::Topic& topic, runtime::ReconcileContext& context) {
  const auto platform = platforms_.find(platform_of(topic));
  const auto observed = observe(topic, stores_, platform.get());
  if (!observed) return failed(topic, topic.status, observed.error(), context.stop);
  Plan<api::TopicStatus> wanted = plan(*observed, clock_.wall());
  if (hands_off(topic.meta)) {
    hold(wanted, topic.meta, clock_.wall());
    keep_ledger(wanted.status, topic.status);
  }
  const k8s::ObjectKey key{topic.meta.ns, topic.meta.name};
  if (!wanted.actions.empty()) {
    latest_.writing(key);
    Sinks sinks{.client = &client_,
                .cluster = platform ? platform->cluster : nullptr,
                .events = &events_,
                .regarding = identity(api::Topic::kKind, topic.meta),
                .field_manager = std::string(kFieldManager),
                .controller = "topic",
                .reconcile_id = context.reconcile_id};
    if (auto done = apply(wanted.actions, sinks, context.stop); !done)
      return failed(topic, std::move(wanted.status), done.error(), context.stop, records(wanted.actions));
  }
  if (!records(wanted.actions))
    if (auto written = write(topic, wanted.status, context.stop); !written) return std::unexpected(written.error());
  if (topic.meta.deleted && !topic.meta.has_finalizer()) return runtime::Outcome{};
  return runtime::Outcome{wanted.look_again};
}

// The status says what went wrong; the error itself brings the back-off, unless trying again can't help.
Result<runtime::Outcome> Reconciler::failed(const api::Topic& topic, api::TopicStatus status, const Error& error,
                                            std::stop_token stop, bool recorded) {
  if (error.code == Code::kCancelled) return std::unexpected(error);
  set_failed(status.conditions, topic.meta.generation, clock_.wall(), error);
  if (auto written = write(topic, status, stop, recorded); !written)
    log::warn("status not written", {{"controller", "topic"}, {"error", written.error().to_string()}});
  if (error.retry.when == Retry::When::kNever) return runtime::Outcome{kDriftCheck};
  return std::unexpected(error);
}

Result<void> Reconciler::write(const api::Topic& topic, api::TopicStatus status, std::stop_token stop, bool recorded) {
  keep_transitions(topic.status.conditions, status.conditions);
  Json wanted = api::print_status(status);
  if (!recorded && wanted == api::print_status(topic.status)) return {};
  latest_.writing({topic.meta.ns, topic.meta.name});
  const auto answer = client_.call(
      k8s::apply_status(k8s::kinds::kTopic, status_object(api::Topic::kKind, topic.meta, std::move(wanted)),
                        std::string(kFieldManager)),
      stop);
  if (answer || answer.error().code == Code::kNotFound) return {};  // gone: nothing to tell
  return fail("writing the status", answer.error());
}

}  // namespace penstock::op::topic
