#include "consumer_scaler_json.hpp"

#include <array>

namespace penstock::api {

namespace {

constexpr int kMostReplicas = 100'000;
constexpr int kMostConsumersPerReplica = 64;
constexpr std::int64_t kMostLag = 1'000'000'000'000;
constexpr Duration kLongestWindow = 1h;
constexpr Duration kLeastDelayThreshold = 5s;  // ages are known to within two seconds
constexpr Duration kLongestStartup = 1h;

constexpr std::array<std::pair<Engine, std::string_view>, 4> kEngines{{
    {Engine::kAuto, "Auto"},
    {Engine::kNative, "Native"},
    {Engine::kKeda, "Keda"},
    {Engine::kDirect, "Direct"},
}};
constexpr std::array<std::pair<Mode, std::string_view>, 2> kModes{{
    {Mode::kScale, "Scale"},
    {Mode::kObserve, "Observe"},
}};
constexpr std::array<std::pair<OffsetReset, std::string_view>, 3> kOffsetResets{{
    {OffsetReset::kLatest, "latest"},
    {OffsetReset::kEarliest, "earliest"},
    {OffsetReset::kNone, "none"},
}};
constexpr std::array<std::pair<bool, std::string_view>, 2> kIsolations{{
    {false, "read_uncommitted"},
    {true, "read_committed"},
}};
constexpr std::array<std::pair<FallbackPolicy, std::string_view>, 3> kFallbackPolicies{{
    {FallbackPolicy::kStatic, "Static"},
    {FallbackPolicy::kCurrent, "Current"},
    {FallbackPolicy::kCurrentIfHigher, "CurrentIfHigher"},
}};

ScaleTarget read_target(const Field& f) {
  ScaleTarget target{"apps/v1", "Deployment", ""};
  f["apiVersion"].read(target.api_version);
  f["kind"].read(target.kind);
  f["name"].required().read(target.name);
  return target;
}

Fallback read_fallback(const Field& f) {
  Fallback fallback;
  f["after"].read(fallback.after);
  f["replicas"].required().read(fallback.replicas, 0, kMostReplicas);
  f["policy"].read(fallback.policy, Names<FallbackPolicy>(kFallbackPolicies));
  return fallback;
}

}  // namespace

Names<Engine> engine_names() {
  return kEngines;
}

std::string_view to_string(Engine engine) {
  return name_of(engine, engine_names());
}

ConsumerScalerSpec read_consumer_scaler_spec(const Field& f) {
  ConsumerScalerSpec spec;
  spec.platform = read_platform_ref(f);
  spec.target = read_target(f["scaleTargetRef"].required());
  f["consumerGroup"].required().read(spec.consumer_group);
  if (f["consumerGroup"].present() && spec.consumer_group.empty()) f["consumerGroup"].wrong("must not be empty");
  f["topics"].for_each([&](const Field& item) {
    item.required().read(spec.topics.emplace_back());
    check_topic_name(spec.topics.back(), item);
  });
  if (f["lagThreshold"].present()) f["lagThreshold"].read(spec.lag_threshold.emplace(1), 1, kMostLag);
  f["delayThreshold"].read(spec.delay_threshold);
  if (spec.delay_threshold && *spec.delay_threshold < kLeastDelayThreshold)
    f["delayThreshold"].wrong("must be at least 5s");
  if (!spec.lag_threshold && !f["delayThreshold"].present())
    f["lagThreshold"].wrong("must be set where there is no delayThreshold");
  f["activationLagThreshold"].read(spec.activation_lag_threshold, 0, kMostLag);
  f["minReplicas"].read(spec.min_replicas, 0, kMostReplicas);
  if (f["maxReplicas"].present()) f["maxReplicas"].read(spec.max_replicas.emplace(kMostReplicas), 1, kMostReplicas);
  if (spec.max_replicas && spec.min_replicas > *spec.max_replicas)
    f["minReplicas"].wrong("must not be above spec.maxReplicas");
  f["capToPartitions"].read(spec.cap_to_partitions);
  f["consumersPerReplica"].read(spec.consumers_per_replica, 1, kMostConsumersPerReplica);
  f["evenSpread"].read(spec.even_spread);
  f["countTail"].read(spec.count_tail);
  f["offsetReset"].read(spec.offset_reset, Names<OffsetReset>(kOffsetResets));
  f["isolation"].read(spec.read_committed, Names<bool>(kIsolations));
  f["cooldown"].read(spec.cooldown);
  f["window"].read(spec.window);
  if (spec.window > kLongestWindow) f["window"].wrong("must be at most 1h");
  f["startup"].read(spec.startup);
  if (spec.startup > kLongestStartup) f["startup"].wrong("must be at most 1h");
  f["behavior"].read_object(spec.behavior);
  if (f["fallback"].present()) spec.fallback = read_fallback(f["fallback"]);
  f["hold"]["duringRebalance"].read(spec.hold_during_rebalance);
  f["engine"].read(spec.engine, engine_names());
  f["mode"].read(spec.mode, Names<Mode>(kModes));
  return spec;
}

Json print_consumer_scaler_spec(const ConsumerScalerSpec& spec) {
  Json out{{"platformRef", print_platform_ref(spec.platform)},
           {"scaleTargetRef",
            {{"apiVersion", spec.target.api_version}, {"kind", spec.target.kind}, {"name", spec.target.name}}},
           {"consumerGroup", spec.consumer_group},
           {"activationLagThreshold", spec.activation_lag_threshold},
           {"minReplicas", spec.min_replicas},
           {"capToPartitions", spec.cap_to_partitions},
           {"consumersPerReplica", spec.consumers_per_replica},
           {"evenSpread", spec.even_spread},
           {"countTail", spec.count_tail},
           {"offsetReset", name_of(spec.offset_reset, Names<OffsetReset>(kOffsetResets))},
           {"isolation", name_of(spec.read_committed, Names<bool>(kIsolations))},
           {"cooldown", format_duration(spec.cooldown)},
           {"window", format_duration(spec.window)},
           {"startup", format_duration(spec.startup)},
           {"hold", {{"duringRebalance", spec.hold_during_rebalance}}},
           {"engine", to_string(spec.engine)},
           {"mode", name_of(spec.mode, Names<Mode>(kModes))}};
  put(out, "topics", spec.topics);
  put_optional(out, "lagThreshold", spec.lag_threshold);
  if (spec.delay_threshold) out["delayThreshold"] = format_duration(*spec.delay_threshold);
  put_optional(out, "maxReplicas", spec.max_replicas);
  put_object(out, "behavior", spec.behavior);
  if (const auto& fallback = spec.fallback)
    out["fallback"] = {{"after", format_duration(fallback->after)},
                       {"replicas", fallback->replicas},
                       {"policy", name_of(fallback->policy, Names<FallbackPolicy>(kFallbackPolicies))}};
  return out;
}

}  // namespace penstock::api
