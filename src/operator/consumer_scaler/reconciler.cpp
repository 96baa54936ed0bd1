#include <penstock/base/log.hpp>
#include <penstock/operator/apply.hpp>
#include <penstock/operator/consumer_scaler/reconciler.hpp>
#include <penstock/operator/hold.hpp>
#include <penstock/operator/invalid.hpp>
#include <penstock/operator/status_writer.hpp>

namespace penstock::op::consumer_scaler {
namespace {

constexpr Duration kAgain = 100ms;  // after replicas were set: tell it
constexpr Duration kNextSecond = 1s;
constexpr Duration kBrokenCheck = 2min;  // of what only a person can help

k8s::ObjectKey key_of(const api::ConsumerScaler& scaler) {
  return {scaler.meta.ns, scaler.meta.name};
}

std::optional<Duration> sooner(std::optional<Duration> a, std::optional<Duration> b) {
  if (a && b) return std::min(*a, *b);
  return a ? a : b;
}

}  // namespace

Reconciler::Reconciler(Eyes eyes, k8s::Client client, k8s::EventRecorder& events, Settings settings)
    : eyes_(std::move(eyes)),
      client_(client),
      events_(events),
      settings_(std::move(settings)),
      latest_(k8s::kinds::kConsumerScaler, eyes_.stores.scalers, std::move(client), api::parse_consumer_scaler) {}

Result<runtime::Outcome> Reconciler::operator()(const k8s::ObjectKey& key, runtime::ReconcileContext& context) {
  const auto scaler = latest_.read(key, context.stop);
  if (!scaler && scaler.error().code == Code::kInvalid) {
    const auto told = report_invalid(client_, k8s::kinds::kConsumerScaler, key, scaler.error(), eyes_.clock.wall(),
                                     kFieldManager, context.stop);
    return told ? Result<runtime::Outcome>{} : std::unexpected(told.error());
  }
  if (!scaler) return std::unexpected(scaler.error());
  if (!*scaler) {
    forget(key);
    return runtime::Outcome{};
  }
  if ((*scaler)->meta.deleted) return runtime::Outcome{};  // what is ours goes with it; the workload stays as it is
  return work(**scaler, context);
}

Result<runtime::Outcome> Reconciler::work(const api::ConsumerScaler& scaler, runtime::ReconcileContext& context) {
  const auto observed = observe(scaler, eyes_, sight_, context.stop);
  if (!observed) return failed(scaler, scaler.status, observed.error(), context.stop);
  Plan<api::ConsumerScalerStatus> wanted = plan(*observed, settings_, eyes_.clock.wall());
  if (hands_off(scaler.meta)) hold(wanted, scaler.meta, eyes_.clock.wall());
  const auto scaled = act(scaler, wanted.actions, context);
  if (!scaled) return failed(scaler, std::move(wanted.status), scaled.error(), context.stop);
  const auto later = write(scaler, wanted.status, context.stop);
  if (!later) return std::unexpected(later.error());
  return runtime::Outcome{*scaled ? kAgain : sooner(wanted.look_again, *later)};
}

// Whether replicas were set.
Result<bool> Reconciler::act(const api::ConsumerScaler& scaler, const std::vector<Action>& actions,
                             runtime::ReconcileContext& context) {
  if (actions.empty()) return false;
  const Sinks sinks{.client = &client_,
                    .cluster = nullptr,
                    .events = &events_,
                    .regarding = identity(api::ConsumerScaler::kKind, scaler.meta),
                    .field_manager = std::string(kFieldManager),
                    .controller = "consumerscaler",
                    .reconcile_id = context.reconcile_id};
  if (auto done = apply(actions, sinks, context.stop); !done) return std::unexpected(done.error());
  for (const Action& action : actions) {
    const auto* scale = std::get_if<SetScale>(&action);
    if (!scale) continue;
    ReplicaSight::Seen seen = sight_.get(key_of(scaler));
    seen.replicas = scale->to;
    if (scale->from > 0) seen.past.scaled(scale->from, scale->to, eyes_.clock.now());  // waking is no rule's matter
    seen.at = eyes_.clock.now();
    sight_.put(key_of(scaler), seen);
    return true;
  }
  return false;
}

// The status says what went wrong; the error itself brings the back-off, unless trying again can't help.
Result<runtime::Outcome> Reconciler::failed(const api::ConsumerScaler& scaler, api::ConsumerScalerStatus status,
                                            const Error& error, std::stop_token stop) {
  if (error.code == Code::kCancelled) return std::unexpected(error);
  set_failed(status.conditions, scaler.meta.generation, eyes_.clock.wall(), error);
  if (auto written = write(scaler, status, stop); !written)
    log::warn("status not written", {{"controller", "consumerscaler"}, {"error", written.error().to_string()}});
  if (error.retry.when == Retry::When::kNever) return runtime::Outcome{kBrokenCheck};
  return std::unexpected(error);
}

Result<std::optional<Duration>> Reconciler::write(const api::ConsumerScaler& scaler, api::ConsumerScalerStatus status,
                                                  std::stop_token stop) {
  keep_transitions(scaler.status.conditions, status.conditions);
  const k8s::ObjectKey key = key_of(scaler);
  Json wanted = api::print_status(status);
  if (wanted == api::print_status(scaler.status)) return std::nullopt;
  const SteadyTime now = eyes_.clock.now();
  Duration since = kNumbersEvery;
  {
    std::lock_guard lock(mutex_);
    if (const auto last = written_.find(key); last != written_.end()) since = now - last->second;
  }
  if (!worth_writing(scaler.status, status, since))
    return since < kNumbersEvery ? std::optional(kNumbersEvery - since) : std::nullopt;
  if (!worth_writing(scaler.status, status, 0s)) {
    std::lock_guard lock(mutex_);
    if (!numbers_.take(now)) return kNextSecond;
  }
  latest_.writing(key);
  const auto answer =
      client_.call(k8s::apply_status(k8s::kinds::kConsumerScaler,
                                     status_object(api::ConsumerScaler::kKind, scaler.meta, std::move(wanted)),
                                     std::string(kFieldManager)),
                   stop);
  if (!answer && answer.error().code != Code::kNotFound) return fail("writing the status", answer.error());
  std::lock_guard lock(mutex_);
  written_[key] = now;
  return std::nullopt;
}

void Reconciler::forget(const k8s::ObjectKey& key) {
  sight_.forget(key);
  std::lock_guard lock(mutex_);
  written_.erase(key);
}

}  // namespace penstock::op::consumer_scaler
