// What the scaler knows of Kubernetes: read-only watches and what they say about each other.
#pragma once
#include <penstock/api/consumer_scaler.hpp>
#include <penstock/api/tls_secret.hpp>
#include <penstock/k8s/informer.hpp>
#include <penstock/k8s/store.hpp>
#include <penstock/kafka/platform_view.hpp>
#include <penstock/scaler/engine.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace penstock::scaler {

// What matters of a HorizontalPodAutoscaler.
struct HpaView {
  api::ScaleTarget target;
  int desired = 0;
  bool operator==(const HpaView&) const = default;
};
Result<HpaView> parse_hpa(const Json& object);

// Pure of I/O: informers feed it, tests write into it. Any thread reads.
class World {
 public:
  World();

  k8s::Store<api::ConsumerScaler> scalers;
  k8s::Store<HpaView> hpas;
  k8s::Store<kafka::PlatformView> views;
  k8s::Store<api::TlsSecret> certificates;

  // Names of the kinds whose first list is awaited; empty when all is known.
  std::string awaited() const;
  // What this process shows to its callers, from its Secret; kUnavailable while that is not there.
  Result<api::TlsSecret> tls(const std::string& release_namespace) const;
  // The view of this platform; kUnavailable when there is none or it can't be read.
  Result<kafka::PlatformView> view(const k8s::ObjectKey& platform) const;
  // All platforms of which there is a view, readable or not.
  std::set<k8s::ObjectKey> platforms() const;
  // What is to be decided on with this platform's offsets, those that may not be with why; by key. The same list again
  // while nothing that it is made of changes, and after a change only that is made anew: this is asked once a tick.
  using Subjects = std::shared_ptr<const std::vector<Subject>>;
  Subjects subjects_of(const k8s::ObjectKey& platform) const;
  // Those whose platform has no view.
  std::vector<Subject> subjects_without_platform() const;

 private:
  // A ConsumerScaler's platform, an HPA's target, a view's platform: kept while the stores change.
  void index_scaler(const k8s::ObjectKey& key);
  void index_hpa(const k8s::ObjectKey& key);
  void index_view(const k8s::ObjectKey& key);
  void touch_locked(const k8s::ObjectKey& platform, const k8s::ObjectKey& scaler);
  void touch_scalers_of_locked(const std::pair<std::string, std::pair<std::string, std::string>>& target);
  Subjects list_subjects(const k8s::ObjectKey& platform) const;
  Subjects renew_subjects(const k8s::ObjectKey& platform, const std::vector<Subject>& before,
                          const std::set<k8s::ObjectKey>& touched) const;
  std::optional<Subject> subject(const k8s::ObjectKey& key, const Result<kafka::PlatformView>& view) const;
  std::optional<int> hpa_desired(const std::string& ns, const api::ScaleTarget& target) const;

  using Target = std::pair<std::string, std::string>;  // kind, name
  struct Listed {
    Subjects subjects;                 // nullptr: to be listed anew
    std::set<k8s::ObjectKey> touched;  // ConsumerScalers of it that changed since
  };
  mutable std::mutex listing_;  // one list is made at a time; taken before the other
  mutable std::mutex mutex_;
  mutable std::map<k8s::ObjectKey, Listed> listed_;  // by platform
  std::map<k8s::ObjectKey, std::set<k8s::ObjectKey>> scalers_of_platform_;
  std::map<k8s::ObjectKey, k8s::ObjectKey> platform_of_scaler_;
  std::map<std::pair<std::string, Target>, std::set<k8s::ObjectKey>> scalers_of_target_;
  std::map<k8s::ObjectKey, std::pair<std::string, Target>> target_of_scaler_;
  std::map<std::pair<std::string, Target>, std::set<k8s::ObjectKey>> hpas_of_target_;
  std::map<k8s::ObjectKey, std::pair<std::string, Target>> target_of_hpa_;
  std::map<k8s::ObjectKey, k8s::ObjectKey> platform_of_view_;  // Secret → EventPlatform
};

// The watches that feed a world; ends with them.
class Watches {
 public:
  Watches(World& world, std::shared_ptr<http::Transport> transport, const std::string& release_namespace);

 private:
  std::vector<std::unique_ptr<k8s::Informer>> informers_;
};

}  // namespace penstock::scaler
