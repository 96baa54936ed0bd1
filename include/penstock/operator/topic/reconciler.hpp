// The Topic controller: observe, plan, apply, status.
#pragma once
#include <penstock/operator/apply.hpp>
#include <penstock/operator/latest.hpp>
#include <penstock/operator/platforms.hpp>
#include <penstock/operator/sources.hpp>
#include <penstock/operator/topic/plan.hpp>
#include <penstock/runtime/controller.hpp>

namespace penstock::op::topic {

class Reconciler {
 public:
  static constexpr std::string_view kFieldManager = "penstock-topic";

  Reconciler(const Stores& stores, const Platforms& platforms, k8s::Client client, k8s::EventRecorder& events,
             const Clock& clock);
  // Any thread, one at a time for each key.
  Result<runtime::Outcome> operator()(const k8s::ObjectKey& key, runtime::ReconcileContext& context);

 private:
  Result<runtime::Outcome> work(const api::Topic& topic, runtime::ReconcileContext& context);
  Result<runtime::Outcome> failed(const api::Topic& topic, api::TopicStatus status, const Error& error,
                                  std::stop_token stop, bool recorded = false);
  // recorded: the API server has another status than the Topic that was read.
  Result<void> write(const api::Topic& topic, api::TopicStatus status, std::stop_token stop, bool recorded = false);

  const Stores& stores_;
  const Platforms& platforms_;
  k8s::Client client_;
  k8s::EventRecorder& events_;
  const Clock& clock_;
  Latest<api::Topic> latest_;
};

}  // namespace penstock::op::topic
