// Objects, samples and readers, written by hand.
#pragma once
#include <penstock/base/base64.hpp>
#include <penstock/scaler/answers.hpp>
#include <penstock/scaler/world.hpp>

#include <condition_variable>
#include <mutex>

namespace penstock::scaler::testing {

inline Json scaler_object(const std::string& ns, const std::string& name, const Json& more = {}) {
  Json spec{{"platformRef", {{"name", "main"}}},
            {"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", name}}},
            {"consumerGroup", name},
            {"topics", {"orders"}},
            {"lagThreshold", 1000},
            {"minReplicas", 0},
            {"offsetReset", "earliest"}};
  if (more.is_object()) spec.update(more);
  return {{"apiVersion", "penstock.dev/v1alpha1"},
          {"kind", "ConsumerScaler"},
          {"metadata", {{"namespace", ns}, {"name", name}, {"uid", "uid-" + name}, {"generation", 1}}},
          {"spec", std::move(spec)}};
}

inline api::ConsumerScaler scaler_of(const std::string& ns, const std::string& name, const Json& more = {}) {
  return api::parse_consumer_scaler(scaler_object(ns, name, more)).value();
}

inline Subject subject_of(const std::string& name, const Json& more = {}) {
  return {std::make_shared<const api::ConsumerScaler>(scaler_of("shop", name, more)), std::nullopt, ""};
}

inline kafka::PlatformView view_of(const std::string& ns, const std::string& name) {
  kafka::PlatformView view;
  view.ns = ns;
  view.name = name;
  view.connection.bootstrap_servers = name + ":9092";
  return view;
}

inline Json view_secret(const kafka::PlatformView& view) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", {{"namespace", "penstock"}, {"name", kafka::platform_view_name(view.ns, view.name)}}},
          {"data", kafka::print_platform_view(view)}};
}

// Writes a sample by hand.
struct SampleOf {
  kafka::Sample sample;

  explicit SampleOf(SteadyTime taken) { sample.taken = taken; }
  SampleOf& topic(const std::string& name, int partitions = 4, std::int64_t end = 100'000) {
    kafka::TopicSample topic;
    topic.ends.assign(static_cast<std::size_t>(partitions), Reading::of(end));
    topic.stable_ends = topic.ends;
    topic.starts.assign(static_cast<std::size_t>(partitions), Reading::of(0));
    sample.topics.insert_or_assign(name, std::move(topic));
    return *this;
  }
  // A group that is behind by so much in each partition of a topic.
  SampleOf& behind(const std::string& group, std::int64_t lag, const std::string& topic = "orders",
                   int partitions = 4) {
    if (!sample.topics.contains(topic)) this->topic(topic, partitions);
    kafka::GroupSample& its = sample.groups[group];
    its.info = kafka::GroupInfo{"Classic", "Stable", "range", 1, nullptr};
    its.commits = {};
    for (const Reading& end : sample.topics.at(topic)->ends)
      its.committed[topic].push_back(Reading::of(end.value - lag));
    return *this;
  }
  Result<kafka::Sample> take() { return std::move(sample); }
};

template <class T>
void put(k8s::Store<T>& store, const Json& object) {
  store.on({k8s::WatchEvent::Type::kApply, object});
}
template <class T>
void remove(k8s::Store<T>& store, const Json& object) {
  store.on({k8s::WatchEvent::Type::kDelete, object});
}
template <class T>
void sync(k8s::Store<T>& store) {
  store.on({k8s::WatchEvent::Type::kInit, {}});
  store.on({k8s::WatchEvent::Type::kInitDone, {}});
}

// A world that is fully known, and a board that follows it.
struct Stage {
  ManualClock clock;
  World world;
  Board board{[this](const k8s::ObjectKey& key, const std::string& uid) {
    const auto entry = world.scalers.get(key);
    return entry && *entry && (*entry)->meta.uid == uid;
  }};
  Answers answers{[this](const k8s::ObjectKey& key) -> Result<ScalerPtr> { return world.scalers.get(key); }, board,
                  clock};
  Engine engine;

  Stage() {
    sync(world.scalers);
    sync(world.hpas);
    sync(world.views);
    world.scalers.subscribe([this](const k8s::ObjectKey& key) { board.review(key); });
  }
  void add(const std::string& name, const Json& more = {}) { put(world.scalers, scaler_object("shop", name, more)); }
  // One that only observes, beside somebody else's replicas.
  void add_observing(const std::string& name, int replicas) {
    Json object = scaler_object("shop", name, {{"mode", "Observe"}});
    object["status"]["currentReplicas"] = replicas;
    put(world.scalers, object);
  }
  // One tick with this lag in each partition for one ConsumerScaler; nullopt: the read fails.
  void decide(const std::string& name, std::optional<std::int64_t> lag, int partitions = 4) {
    clock.advance(1s);
    const auto entry = world.scalers.get({"shop", name});
    const Subject subject{{entry, &**entry}, std::nullopt, ""};
    Result<kafka::Sample> sample = std::unexpected(Error{Code::kUnavailable, "no broker answers", Retry::later()});
    if (lag) sample = SampleOf(clock.now()).behind((*entry)->spec.consumer_group, *lag, "orders", partitions).take();
    board.publish(engine.tick({subject}, &sample, clock.now(), clock.wall()));
  }
};

}  // namespace penstock::scaler::testing
