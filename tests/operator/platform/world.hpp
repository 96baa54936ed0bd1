// A small Kubernetes and a Kafka that answers, in memory: enough to run the whole reconciler, to cut it off after any
// write, and to see what is left.
#pragma once
#include <penstock/k8s/requests.hpp>
#include <penstock/kafka/platform_view.hpp>
#include <penstock/operator/platform/reconciler.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace penstock::op::platform::test {

inline std::string path_of(const http::Request& request) {
  return request.target.substr(0, request.target.find('?'));
}

// Objects by their path. Creation gives a uid and the defaults that the real server gives; patches are merge patches;
// deletion and patches hold to a uid that they carry.
class FakeApi : public http::Transport {
 public:
  std::map<std::string, Json> objects;
  std::vector<std::string> writes;  // "POST /api/v1/…"
  int writes_left = -1;             // 0: the operator has died, nothing of it arrives any more
  std::string broken;               // writes to paths with this in them fail; empty: none

  Result<http::Response> send(const http::Request& request, Duration, std::stop_token) override {
    if (request.method == "GET") return get(path_of(request));
    if (!broken.empty() && path_of(request).find(broken) != std::string::npos) return refuse(500, "Broken", "broken");
    if (!count_write()) return fail(Code::kUnavailable, "cut off");
    writes.push_back(request.method + " " + path_of(request));
    if (request.method == "POST") return post(path_of(request), Json::parse(request.body));
    if (request.method == "PATCH") return patch(path_of(request), Json::parse(request.body));
    return remove(path_of(request), Json::parse(request.body));
  }
  Result<http::Response> stream(const http::Request&, const http::ChunkSink&, Duration, std::stop_token) override {
    return fail(Code::kUnsupported, "no streams here");
  }

  // Whether one more write arrives.
  bool count_write() {
    if (writes_left == 0) return false;
    if (writes_left > 0) --writes_left;
    return true;
  }

  std::vector<Json> all(const k8s::Resource& resource) const {
    std::vector<Json> out;
    for (const auto& [path, object] : objects)
      if (object.value("kind", "") == resource.kind) out.push_back(object);
    return out;
  }
  Json* find(const k8s::Resource& resource, const std::string& name) {
    for (auto& [path, object] : objects)
      if (object.value("kind", "") == resource.kind && k8s::key_of(object).name == name) return &object;
    return nullptr;
  }
  Json& put(const k8s::Resource& resource, Json object) {
    object["apiVersion"] = resource.api_version();
    object["kind"] = resource.kind;
    const std::string path = path_of(k8s::get(resource, k8s::key_of(object)));
    return store(path, std::move(object));
  }
  void erase(const k8s::Resource& resource, const std::string& name) {
    std::erase_if(objects, [&](const auto& entry) {
      return entry.second.value("kind", "") == resource.kind && k8s::key_of(entry.second).name == name;
    });
  }

 private:
  static http::Response answer(int status, const Json& body) { return {status, {}, body.dump()}; }
  static http::Response refuse(int status, const std::string& reason, const std::string& message) {
    return answer(status, {{"kind", "Status"}, {"code", status}, {"reason", reason}, {"message", message}});
  }

  Json& store(const std::string& path, Json object) {
    Json& metadata = object["metadata"];
    if (!metadata.contains("uid")) metadata["uid"] = "uid-" + std::to_string(++counter_);
    metadata["resourceVersion"] = std::to_string(++counter_);
    if (!metadata.contains("generation")) metadata["generation"] = 1;
    const std::string kind = object.value("kind", "");
    if (kind == "Service") object["spec"].emplace("sessionAffinity", "None");
    if (kind == "StatefulSet") object["spec"]["template"]["spec"].emplace("dnsPolicy", "ClusterFirst");
    return objects[path] = std::move(object);
  }

  Result<http::Response> get(const std::string& path) {
    const auto found = objects.find(path);
    if (found == objects.end()) return refuse(404, "NotFound", path + " not found");
    return answer(200, found->second);
  }
  Result<http::Response> post(const std::string& collection, const Json& object) {
    const std::string path = collection + "/" + k8s::key_of(object).name;
    if (objects.contains(path)) return refuse(409, "AlreadyExists", path + " already exists");
    return answer(201, store(path, object));
  }
  Result<http::Response> patch(std::string path, Json change) {
    const bool status = path.ends_with("/status");
    if (status) path = path.substr(0, path.size() - 7);
    const auto found = objects.find(path);
    if (found == objects.end()) return refuse(404, "NotFound", path + " not found");
    const Json& there = found->second["metadata"];
    const Json wanted = change.value("metadata", Json::object());
    for (const auto* precondition : {"uid", "resourceVersion"})
      if (wanted.contains(precondition) && wanted[precondition] != there[precondition])
        return refuse(409, "Conflict", std::string(precondition) + " differs");
    Json object = found->second;
    if (status) {
      object["status"] = change["status"];
    } else {
      change["metadata"].erase("resourceVersion");
      object.merge_patch(change);
    }
    return answer(200, store(path, std::move(object)));
  }
  Result<http::Response> remove(const std::string& path, const Json& options) {
    const auto found = objects.find(path);
    if (found == objects.end()) return refuse(404, "NotFound", path + " not found");
    if (options["preconditions"]["uid"] != found->second["metadata"]["uid"])
      return refuse(409, "Conflict", "the uid differs");
    objects.erase(found);
    return answer(200, {{"kind", "Status"}, {"status", "Success"}});
  }

  int counter_ = 0;
};

struct FakeKafka {
  Result<kafka::ClusterInfo> info = std::unexpected(Error{Code::kUnavailable, "refused (after 3ms)", Retry::later()});
  bool acls = true;
  int opened = 0, described = 0, asked_to_show = 0;
  std::map<std::string, kafka::ShownCertificate> shown;                 // by host
  std::vector<std::string> altered;                                     // "0 key=value"
  std::map<std::string, std::map<std::string, std::string>> passwords;  // by user, then by mechanism
  std::vector<std::string> password_changes;                            // "user" and "user gone"
  std::set<kafka::AclBinding> bindings;
  kafka::Connection last;
  std::function<bool()> write;  // false: the operator has died
  std::string broken;           // "scram": passwords can't be changed
};

class FakeCluster : public kafka::Cluster {
 public:
  explicit FakeCluster(FakeKafka& kafka) : kafka_(kafka) {}
  Result<kafka::ClusterInfo> describe(Duration) override {
    ++kafka_.described;
    return kafka_.info;
  }
  Result<std::vector<kafka::AclBinding>> acls(const std::string&, Duration) override {
    return std::vector<kafka::AclBinding>(kafka_.bindings.begin(), kafka_.bindings.end());
  }
  Result<std::map<std::string, std::set<std::string>>> scram_users(Duration) override {
    std::map<std::string, std::set<std::string>> out;
    for (const auto& [user, by_mechanism] : kafka_.passwords)
      for (const auto& [mechanism, password] : by_mechanism) out[user].insert(mechanism);
    return out;
  }
  Result<kafka::PerItem<void>> alter_scram_users(const std::vector<kafka::ScramChange>& changes, Duration) override {
    kafka::PerItem<void> out;
    for (const auto& change : changes) {
      if (kafka_.broken == "scram" || !kafka_.write()) return fail(Code::kUnavailable, "cut off");
      auto& user = kafka_.passwords[change.user];
      kafka_.password_changes.push_back(change.user + (change.password ? "" : " gone"));
      if (change.password) {
        user[change.mechanism] = *change.password;
      } else {
        user.erase(change.mechanism);
        if (user.empty()) kafka_.passwords.erase(change.user);
      }
      out.emplace(change.user, Result<void>{});
    }
    return out;
  }
  Result<kafka::PerItem<std::vector<kafka::ConfigEntry>>> topic_configs(const std::vector<std::string>& topics,
                                                                        Duration) override {
    kafka::PerItem<std::vector<kafka::ConfigEntry>> out;
    for (const auto& topic : topics) out.emplace(topic, fail(Code::kNotFound, "no such topic"));
    return out;
  }
  Result<kafka::PerItem<kafka::TopicInfo>> topics(const std::vector<std::string>&, Duration) override { return no(); }
  Result<kafka::PerItem<void>> create_topics(const std::vector<kafka::NewTopic>&, Duration) override { return no(); }
  Result<kafka::PerItem<void>> grow_partitions(const std::map<std::string, int>&, Duration) override { return no(); }
  Result<kafka::PerItem<void>> delete_topics(const std::vector<std::string>&, Duration) override { return no(); }
  Result<kafka::PerItem<void>> alter_topic_configs(const std::vector<kafka::TopicConfigChange>&, Duration) override {
    return no();
  }
  Result<void> alter_broker_config(int broker, const std::map<std::string, std::string>& set, Duration) override {
    for (const auto& [key, value] : set) kafka_.altered.push_back(std::to_string(broker) + " " + key + "=" + value);
    return {};
  }
  Result<kafka::ShownCertificate> shown_certificate(const std::string& host, int, Duration) override {
    ++kafka_.asked_to_show;
    const auto found = kafka_.shown.find(host);
    if (found == kafka_.shown.end()) return fail(Code::kUnavailable, "refused");
    return found->second;
  }
  Result<kafka::PerItem<void>> create_acls(const std::vector<kafka::AclBinding>& bindings, Duration) override {
    kafka::PerItem<void> out;
    for (const auto& binding : bindings) {
      kafka_.bindings.insert(binding);
      out.emplace(binding.to_string(), Result<void>{});
    }
    return out;
  }
  Result<kafka::PerItem<void>> delete_acls(const std::vector<kafka::AclBinding>& bindings, Duration) override {
    kafka::PerItem<void> out;
    for (const auto& binding : bindings)
      out.emplace(binding.to_string(), kafka_.acls ? Result<void>{} : fail(Code::kUnsupported, "no authorizer"));
    return out;
  }
  Result<std::vector<std::string>> active_groups_of(const std::string&, Duration) override { return no(); }

 private:
  static std::unexpected<Error> no() { return fail(Code::kInternal, "an EventPlatform has no need of this"); }
  FakeKafka& kafka_;
};

// One platform named kafka/main and an operator that can be started anew at any moment.
class World {
 public:
  explicit World(Json spec, const std::string& name = "main") : key{"kafka", name} {
    broker.write = [this] { return api->count_write(); };
    api->put(k8s::kinds::kNamespace, {{"metadata", {{"name", "kafka"}}}});
    api->put(k8s::kinds::kNamespace, {{"metadata", {{"name", "shop"}, {"labels", {{"team", "shop"}}}}}});
    api->put(
        k8s::kinds::kEventPlatform,
        {{"metadata", {{"name", name}, {"namespace", "kafka"}, {"uid", "11111111-aaaa"}}}, {"spec", std::move(spec)}});
    restart();
  }

  // What the watches would have brought.
  void sync() {
    feed(k8s::kinds::kEventPlatform, stores->platforms);
    feed(k8s::kinds::kStatefulSet, stores->stateful_sets);
    feed(k8s::kinds::kPod, stores->pods);
    feed(k8s::kinds::kService, stores->services);
    feed(k8s::kinds::kConfigMap, stores->config_maps);
    feed(k8s::kinds::kPodDisruptionBudget, stores->disruption_budgets);
    feed(k8s::kinds::kPersistentVolumeClaim, stores->volume_claims);
    feed(k8s::kinds::kNamespace, stores->namespaces);
  }

  void restart() {
    reconciler.reset();
    platforms = std::make_unique<Platforms>();
    stores = std::make_unique<Stores>();
    sync();
    const k8s::Client client(api);
    events = std::make_unique<k8s::EventRecorder>(client, "eventplatform", "test", clock);
    Settings settings;
    settings.release_namespace = "penstock";
    settings.default_images = {{"4.3.1", "registry/kafka:4.3.1"}};
    settings.allowed_images = {"registry/"};
    reconciler = std::make_unique<Reconciler>(Deps{
        *stores, client, *platforms, *events, clock, settings,
        [this](const kafka::Connection& connection, const std::string&) -> Result<std::unique_ptr<kafka::Cluster>> {
          ++broker.opened;
          broker.last = connection;
          return std::make_unique<FakeCluster>(broker);
        }});
  }

  Result<runtime::Outcome> reconcile() {
    sync();
    runtime::ReconcileContext context{"r1", {}};
    return reconciler->reconcile(key, context);
  }
  // Until a reconcile writes nothing; false when it never comes to rest.
  bool settle() {
    for (int i = 0; i < 20; ++i) {
      const std::size_t before = api->writes.size();
      const auto done = reconcile();
      if (done && api->writes.size() == before) return true;
    }
    return false;
  }

  Json platform() { return *api->find(k8s::kinds::kEventPlatform, key.name); }
  Json status() { return platform().value("status", Json::object()); }
  Json condition(const std::string& type) {
    for (const Json& item : status().value("conditions", Json::array()))
      if (item["type"] == type) return item;
    return Json::object();
  }
  int count(const std::string& method, const std::string& part) const {
    return static_cast<int>(std::ranges::count_if(api->writes, [&](const std::string& write) {
      return write.starts_with(method) && write.find(part) != std::string::npos;
    }));
  }

  // The StatefulSet controller and the kubelet: every pod that a StatefulSet wants is there and ready.
  void run_pods() {
    for (Json set : api->all(k8s::kinds::kStatefulSet)) {
      const std::string set_name = k8s::key_of(set).name;
      const int start = set["spec"]["ordinals"]["start"], replicas = set["spec"]["replicas"];
      (*api->find(k8s::kinds::kStatefulSet, set_name))["status"] = {{"updateRevision", "rev-1"}};
      for (int i = start; i < start + replicas; ++i) {
        const std::string name = set_name + "-" + std::to_string(i);
        if (api->find(k8s::kinds::kPod, name) != nullptr) continue;
        Json metadata = set["spec"]["template"]["metadata"];
        metadata["name"] = name;
        metadata["namespace"] = "kafka";
        metadata["labels"]["controller-revision-hash"] = "rev-1";
        api->put(k8s::kinds::kPod,
                 {{"metadata", metadata},
                  {"status", {{"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}}}});
      }
    }
  }
  // Kafka answers as the cluster that is pinned.
  void run_kafka(int brokers) {
    kafka::ClusterInfo info;
    info.cluster_id = status().value("clusterId", "");
    info.brokers.resize(static_cast<std::size_t>(brokers));
    broker.info = info;
  }

  k8s::ObjectKey key;
  ManualClock clock;
  FakeKafka broker;
  std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>();
  std::unique_ptr<Stores> stores;
  std::unique_ptr<Platforms> platforms;
  std::unique_ptr<k8s::EventRecorder> events;
  std::unique_ptr<Reconciler> reconciler;

 private:
  template <class T>
  void feed(const k8s::Resource& resource, k8s::Store<T>& store) {
    using Type = k8s::WatchEvent::Type;
    store.on({Type::kInit, {}});
    for (Json& object : api->all(resource)) store.on({Type::kInitApply, object});
    store.on({Type::kInitDone, {}});
  }
};

inline Json pool(const std::string& name, const std::vector<std::string>& roles, int replicas, int start = 0) {
  return {{"name", name},
          {"roles", roles},
          {"replicas", replicas},
          {"nodeIdStart", start},
          {"storage", {{"size", "10Gi"}}}};
}

inline Json managed(const Json& pools) {
  return {
      {"kafka",
       {{"version", "4.3.1"},
        {"nodePools", pools},
        {"listeners",
         Json::array({{{"name", "plain"}, {"port", 9092}, {"tls", false}, {"authentication", {{"type", "None"}}}}})},
        {"config", {{"log.retention.hours", "168"}}}}}};
}

}  // namespace penstock::op::platform::test
