#include "wiring.hpp"

#include <penstock/base/log.hpp>
#include <penstock/base/metrics.hpp>
#include <penstock/base/stop.hpp>
#include <penstock/k8s/events.hpp>
#include <penstock/k8s/informer.hpp>
#include <penstock/operator/consumer_scaler/reconciler.hpp>
#include <penstock/operator/consumer_scaler/scaler_access.hpp>
#include <penstock/operator/exposition.hpp>
#include <penstock/operator/manager.hpp>
#include <penstock/operator/platform/reconciler.hpp>
#include <penstock/operator/topic/reconciler.hpp>
#include <penstock/runtime/process.hpp>

#include <list>
#include <random>

#include <unistd.h>

namespace penstock::op {
namespace {

namespace scaling_kind = consumer_scaler;
using runtime::Controller;
using runtime::ControllerOptions;

constexpr int kTopicWorkers = 4;
constexpr int kScalerWorkers = 2;
constexpr int kPlatformWorkers = 2;
constexpr Duration kSyncTick = 20ms;

std::string process_identity() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return "penstock-operator";
  return std::string(host.data()) + "_" + std::to_string(::getpid()) + "_" + std::to_string(std::random_device{}());
}

class Operator {
 public:
  Operator(const k8s::Config& config, ManagerOptions options, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        requests_(k8s::connect(config)),
        watches_(k8s::connect(config)),
        client_(requests_) {
    wire();
  }

  int run(std::stop_token stop) {
    auto health = runtime::serve_health(
        options_.health_address, {{"caches", [this] { return synced() ? "" : "the first lists are not complete"; }}});
    if (!health) {
      log::error("no health server", {{"error", health.error().to_string()}});
      return 1;
    }
    start_informers();
    scaling_kind::Feed::Options feed;
    feed.addresses = options_.scaler_addresses;
    feed.identity = [this] {
      return stores_.certificates.require({options_.release_namespace, std::string(api::kCallerTlsSecret)}, "Secret",
                                          "the leading operator");
    };
    feed_.emplace(std::move(feed), clock_,
                  scaling_kind::Feed::Listener{[this](const k8s::ObjectKey& key) { scalers_.queue().add(key); },
                                               [this] { all_scalers(); }});
    int code = 0;
    if (options_.leader_election) {
      const auto ended = k8s::lead(client_, options_.lease, clock_, stop,
                                   [this](std::stop_token leading) { work(std::move(leading)); });
      code = ended == k8s::Ended::kStopped ? 0 : 1;
    } else {
      work(stop);
    }
    informers_.clear();
    scaled_objects_.reset();
    feed_.reset();
    return code;
  }

 private:
  void wire() {
    platform::subscribe(stores_, [this](const k8s::ObjectKey& key) { platforms_controller_.queue().add(key); });
    wire_topics(stores_, platforms_, [this](const k8s::ObjectKey& key) { topics_.queue().add(key); });
    wire_scalers(stores_, [this](const k8s::ObjectKey& key) { scalers_.queue().add(key); });
    stores_.scalers.subscribe([this](const k8s::ObjectKey& key) {
      const auto entry = stores_.scalers.get(key);
      if (scaler_changes_.news(key, entry && *entry ? fingerprint((*entry)->meta) : "absent")) look_at_access();
    });
    stores_.certificates.subscribe([this](const k8s::ObjectKey&) { look_at_access(); });
  }

  void look_at_access() { scaler_access_.queue().add(scaling_kind::ScalerAccess::key()); }

  template <class T>
  void watch(const k8s::Resource& resource, k8s::Store<T>& store, k8s::ListParams selection = {}) {
    informers_.emplace_back(resource, std::move(selection), watches_,
                            [&store](const k8s::WatchEvent& event) { store.on(event); });
  }

  void start_informers() {
    using namespace k8s::kinds;
    watch(kEventPlatform, stores_.platforms);
    watch(kTopic, stores_.topics);
    watch(kConsumerScaler, stores_.scalers);
    const k8s::ListParams ours{
        .ns = {}, .label_selector = std::string(kManagedBy) + "=penstock", .field_selector = {}, .continue_token = {}};
    watch(kStatefulSet, stores_.stateful_sets, ours);
    watch(kPod, stores_.pods, ours);
    watch(kService, stores_.services, ours);
    watch(kConfigMap, stores_.config_maps, ours);
    watch(kPodDisruptionBudget, stores_.disruption_budgets, ours);
    watch(kPersistentVolumeClaim, stores_.volume_claims, ours);
    watch(kSecret, stores_.certificates,
          {.ns = options_.release_namespace,
           .label_selector = std::string(kCertificateLabel) + "=true",
           .field_selector = {},
           .continue_token = {}});
    watch(kHorizontalPodAutoscaler, stores_.autoscalers);
    watch(kNamespace, stores_.namespaces);
    watch(kApiService, facts_.api_services(), only(scaling_kind::kApiServiceName));
    watch(kCustomResourceDefinition, facts_.definitions(), only(scaling_kind::kScaledObjectCrd));
  }

  static k8s::ListParams only(const char* name) {
    return {
        .ns = {}, .label_selector = {}, .field_selector = std::string("metadata.name=") + name, .continue_token = {}};
  }

  // KEDA's resources are watched from the moment that they are there.
  void facts_changed() {
    if (facts_.get().keda_resources)
      std::call_once(keda_, [this] {
        scaled_objects_.emplace(k8s::kinds::kScaledObject, k8s::ListParams{}, watches_,
                                [this](const k8s::WatchEvent& event) {
                                  stores_.scaled_objects.on(event);
                                  if (event.type == k8s::WatchEvent::Type::kInitDone) all_scalers();
                                });
      });
    all_scalers();
    look_at_access();
  }

  void all_scalers() {
    for (const auto& [key, entry] : stores_.scalers.all()) scalers_.queue().add(key);
  }

  // KEDA counts when its objects can be seen.
  scaling_kind::Facts facts() const {
    scaling_kind::Facts out = facts_.get();
    out.keda_resources = out.keda_resources && stores_.scaled_objects.synced();
    return out;
  }

  bool synced() const { return facts_.synced() && stores_.synced(facts_.get().keda_resources); }

  void work(std::stop_token stop) {
    while (!synced())
      if (!wait_for(stop, kSyncTick)) return;
    const auto tolerance = scaling_kind::probe_tolerance(client_, options_.release_namespace, stop);
    if (tolerance) facts_.set_tolerance(*tolerance);
    if (!tolerance) log::warn("whether HPA has a tolerance is unknown", {{"error", tolerance.error().to_string()}});
    log::info("started", {{"hpaTolerance", tolerance.value_or(false)}, {"keda", facts().keda_resources}});
    look_at_access();
    std::list<std::jthread> threads;
    for (Controller* controller : {&platforms_controller_, &topics_, &scalers_, &scaler_access_})
      threads.emplace_back([controller, stop] { controller->run(stop); });
  }

  // Before everything that reads it; the informers, declared last, end first.
  ManagerOptions options_;
  const Clock& clock_;
  std::shared_ptr<http::Transport> requests_, watches_;
  k8s::Client client_;
  Stores stores_;
  Platforms platforms_;
  Changes scaler_changes_;
  std::once_flag keda_;
  scaling_kind::ClusterFacts facts_{options_.release_namespace + "/" + options_.metrics_service,
                                    [this] { facts_changed(); }};
  scaling_kind::TargetIndex targets_{stores_, [this](const k8s::ObjectKey& key) { scalers_.queue().add(key); }};
  std::optional<scaling_kind::Feed> feed_;

  k8s::EventRecorder platform_events_{client_, "eventplatform", options_.lease.identity, clock_};
  k8s::EventRecorder topic_events_{client_, "topic", options_.lease.identity, clock_};
  k8s::EventRecorder scaler_events_{client_, "consumerscaler", options_.lease.identity, clock_};

  platform::Reconciler platform_reconciler_{
      {stores_,
       client_,
       platforms_,
       platform_events_,
       clock_,
       {options_.release_namespace, options_.kafka_images, options_.allowed_images, options_.cluster_domain}}};
  topic::Reconciler topic_reconciler_{stores_, platforms_, client_, topic_events_, clock_};
  scaling_kind::Reconciler scaler_reconciler_{
      {stores_, targets_, client_, clock_, [this] { return facts(); },
       [this](const k8s::ObjectKey& key) { return feed_->latest(key); }, [this] { return feed_->problem(); }},
      client_,
      scaler_events_,
      {options_.keda_scaler_address.to_string()}};
  scaling_kind::ScalerAccess scaler_access_reconciler_{stores_,
                                                       facts_,
                                                       client_,
                                                       {.ns = options_.release_namespace,
                                                        .name = options_.metrics_service,
                                                        .port = options_.metrics_service_port,
                                                        .more_names = {options_.keda_scaler_address.host}},
                                                       options_.keda_namespace,
                                                       clock_};

  Controller platforms_controller_{
      ControllerOptions{.name = "eventplatform", .workers = kPlatformWorkers},
      [this](const auto& key, auto& context) { return platform_reconciler_.reconcile(key, context); }, clock_};
  Controller topics_{ControllerOptions{.name = "topic", .workers = kTopicWorkers},
                     [this](const auto& key, auto& context) { return topic_reconciler_(key, context); }, clock_};
  Controller scalers_{ControllerOptions{.name = "consumerscaler", .workers = kScalerWorkers},
                      [this](const auto& key, auto& context) { return scaler_reconciler_(key, context); }, clock_};
  Controller scaler_access_{ControllerOptions{.name = "scaleraccess"},
                            [this](const auto& key, auto& context) { return scaler_access_reconciler_(key, context); },
                            clock_};
  metrics::Source exposition_{[this](std::string& text) { expose(stores_, text); }};
  std::optional<k8s::Informer> scaled_objects_;
  std::list<k8s::Informer> informers_;
};

}  // namespace

int run_operator(const k8s::Config& config, ManagerOptions options, const Clock& clock, std::stop_token stop) {
  if (options.release_namespace.empty()) options.release_namespace = config.ns;
  if (options.lease.lease.name.empty()) options.lease.lease.name = "penstock-operator";
  if (options.lease.lease.ns.empty()) options.lease.lease.ns = options.release_namespace;
  if (options.lease.identity.empty()) options.lease.identity = process_identity();
  if (options.keda_scaler_address.host.empty())
    options.keda_scaler_address = {options.metrics_service + "." + options.release_namespace + ".svc", 9443};
  return Operator(config, std::move(options), clock).run(std::move(stop));
}

}  // namespace penstock::op
