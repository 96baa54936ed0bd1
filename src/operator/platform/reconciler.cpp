#include <penstock/base/backoff.hpp>
#include <penstock/base/log.hpp>
#include <penstock/operator/apply.hpp>
#include <penstock/operator/invalid.hpp>
#include <penstock/operator/platform/observe.hpp>
#include <penstock/operator/platform/plan.hpp>
#include <penstock/operator/platform/reconciler.hpp>
#include <penstock/operator/status_writer.hpp>

#include <algorithm>
#include <random>

namespace penstock::op::platform {
namespace {

constexpr std::string_view kController = "eventplatform";
constexpr std::string_view kFieldManager = "penstock-eventplatform";
constexpr Duration kFirstBackOff = 1s;
constexpr Duration kLongestBackOff = 30s;

// Many platforms that were seen first at the same moment must not be asked at the same moment for ever.
Duration jittered(Duration time) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::uniform_int_distribution<Duration::rep> tenth(-time.count() / 10, time.count() / 10);
  return time + Duration{tenth(random)};
}

}  // namespace

struct Reconciler::State {
  explicit State(Deps d) : deps(std::move(d)), connections(deps.open_cluster) {}

  Duration back_off(const k8s::ObjectKey& key) {
    std::lock_guard lock(mutex);
    return back_offs.try_emplace(key, kFirstBackOff, kLongestBackOff).first->second.next();
  }
  void calm(const k8s::ObjectKey& key) {
    std::lock_guard lock(mutex);
    back_offs.erase(key);
  }
  void forget(const k8s::ObjectKey& key) {
    deps.platforms.withdraw(key);
    connections.forget(key);
    calm(key);
  }
  // As the API server or its watch has it; nullopt when there is none, kInvalid when it can't be read.
  Result<std::optional<api::EventPlatform>> current(const k8s::ObjectKey& key, std::stop_token stop) const;
  Result<void> write_status(const api::EventPlatform& platform, const api::EventPlatformStatus& status,
                            std::stop_token stop) const;
  Result<void> carry_out(const Sight& sight, const PlatformPlan& plan, const runtime::ReconcileContext& context) const;

  Deps deps;
  Connections connections;
  std::mutex mutex;
  std::map<k8s::ObjectKey, Backoff> back_offs;
};

Result<void> Reconciler::State::write_status(const api::EventPlatform& platform, const api::EventPlatformStatus& status,
                                             std::stop_token stop) const {
  if (status == platform.status) return {};
  const Json object = status_object(api::EventPlatform::kKind, platform.meta, api::print_status(status));
  const auto written = deps.client.call(
      k8s::apply_status(k8s::kinds::kEventPlatform, object, std::string(kFieldManager)), std::move(stop));
  if (!written) return fail("writing the status", written.error());
  return {};
}

Result<void> Reconciler::State::carry_out(const Sight& sight, const PlatformPlan& plan,
                                          const runtime::ReconcileContext& context) const {
  Sinks sinks;
  sinks.cluster = sight.cluster;
  sinks.client = &deps.client;
  sinks.events = &deps.events;
  sinks.regarding = identity(api::EventPlatform::kKind, sight.observed.platform.meta);
  sinks.field_manager = kFieldManager;
  sinks.controller = kController;
  sinks.reconcile_id = context.reconcile_id;
  return apply(plan.actions, sinks, context.stop);
}

Reconciler::Reconciler(Deps deps) : state_(std::make_unique<State>(std::move(deps))) {}
Reconciler::~Reconciler() = default;

Result<std::optional<api::EventPlatform>> Reconciler::State::current(const k8s::ObjectKey& key,
                                                                     std::stop_token stop) const {
  const auto entry = deps.stores.platforms.get(key);
  if (!entry) return std::nullopt;
  if (*entry && !(*entry)->status.cluster_id.empty()) return **entry;
  // What a cache has not heard of may be pinned all the same: only the server knows that nothing is.
  const auto live = deps.client.find(k8s::kinds::kEventPlatform, key, std::move(stop));
  if (!live) return std::unexpected(live.error());
  if (!*live) return std::nullopt;
  auto platform = api::parse_event_platform(**live);
  if (platform) return *platform;
  // A spec that can't be read must not keep its object from being deleted.
  auto meta = api::parse_meta(**live);
  if (meta && meta->deleted) return api::EventPlatform{std::move(*meta), {}, {}};
  return std::unexpected(platform.error());
}

Result<runtime::Outcome> Reconciler::reconcile(const k8s::ObjectKey& key, runtime::ReconcileContext& context) {
  State& state = *state_;
  const auto current = state.current(key, context.stop);
  if (!current && current.error().code == Code::kInvalid) {
    state.forget(key);
    const auto told = report_invalid(state.deps.client, k8s::kinds::kEventPlatform, key, current.error(),
                                     state.deps.clock.wall(), kFieldManager, context.stop);
    return told ? Result<runtime::Outcome>{} : std::unexpected(told.error());
  }
  if (!current) return std::unexpected(current.error());
  if (!*current) {
    state.forget(key);
    return runtime::Outcome{};
  }
  const api::EventPlatform& platform = **current;
  if (platform.meta.deleted) state.forget(key);

  auto sight = observe(platform, state.deps, state.connections, context.stop);
  if (!sight) return std::unexpected(sight.error());
  const PlatformPlan made = plan(sight->observed, state.deps.clock.wall());
  if (!made.publish) state.deps.platforms.withdraw(key);

  const auto done = state.carry_out(*sight, made, context);
  if (platform.meta.deleted) return done ? Result<runtime::Outcome>{} : std::unexpected(done.error());

  api::EventPlatformStatus status = made.status;
  if (!done) set_failed(status.conditions, platform.meta.generation, state.deps.clock.wall(), done.error());
  if (const auto written = state.write_status(platform, status, context.stop); !written && done)
    return std::unexpected(written.error());
  if (!done) return std::unexpected(done.error());

  if (made.publish) {
    const auto& capabilities = made.status.capabilities;
    state.deps.platforms.publish({key, platform.meta.uid, made.status.cluster_id, made.status.brokers,
                                  std::ranges::find(capabilities, "acls") != capabilities.end(), sight->cluster});
  }
  if (made.back_off) return runtime::Outcome{state.back_off(key)};
  state.calm(key);
  if (made.look_again) return runtime::Outcome{jittered(*made.look_again)};
  return runtime::Outcome{};
}

void subscribe(Stores& stores, const std::function<void(const k8s::ObjectKey&)>& enqueue) {
  stores.platforms.subscribe(enqueue);
  // A child's name begins with its platform's ("main-nodes", "data-main-pool-0"): whoever has such a name is asked,
  // which also finds the owner of a child that is gone.
  const auto owners = [&stores, enqueue](const k8s::ObjectKey& child) {
    std::string_view name = child.name;
    if (name.starts_with("data-")) name.remove_prefix(5);
    for (auto dash = name.find('-'); dash != std::string_view::npos; dash = name.find('-', dash + 1)) {
      const k8s::ObjectKey key{child.ns, std::string(name.substr(0, dash))};
      if (const auto entry = stores.platforms.get(key); entry && *entry && (*entry)->spec.kafka) enqueue(key);
    }
  };
  for (auto* store : {&stores.stateful_sets, &stores.pods, &stores.services, &stores.config_maps,
                      &stores.disruption_budgets, &stores.volume_claims})
    store->subscribe(owners);
  stores.namespaces.subscribe([&stores, enqueue](const k8s::ObjectKey&) {
    for (const auto& [key, entry] : stores.platforms.all())
      if (*entry && !(*entry)->spec.allowed_namespaces.empty()) enqueue(key);
  });
}

}  // namespace penstock::op::platform
