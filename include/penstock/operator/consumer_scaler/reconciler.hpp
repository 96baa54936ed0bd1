// The ConsumerScaler controller: observe, plan, apply, status.
#pragma once
#include <penstock/k8s/events.hpp>
#include <penstock/operator/consumer_scaler/observe.hpp>
#include <penstock/operator/latest.hpp>
#include <penstock/runtime/controller.hpp>

namespace penstock::op::consumer_scaler {

// So many things in each second. Not thread-safe.
class Budget {
 public:
  explicit Budget(int per_second) : per_second_(per_second) {}
  bool take(SteadyTime now) {
    if (now - second_ >= 1s) {
      second_ = now;
      left_ = per_second_;
    }
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  int per_second_, left_ = 0;
  SteadyTime second_{};
};

class Reconciler {
 public:
  static constexpr std::string_view kFieldManager = "penstock-consumerscaler";

  Reconciler(Eyes eyes, k8s::Client client, k8s::EventRecorder& events, Settings settings);
  // Any thread, one at a time for each key.
  Result<runtime::Outcome> operator()(const k8s::ObjectKey& key, runtime::ReconcileContext& context);

 private:
  Result<runtime::Outcome> work(const api::ConsumerScaler& scaler, runtime::ReconcileContext& context);
  Result<runtime::Outcome> failed(const api::ConsumerScaler& scaler, api::ConsumerScalerStatus status,
                                  const Error& error, std::stop_token stop);
  // The time until what was not written now may be written.
  Result<std::optional<Duration>> write(const api::ConsumerScaler& scaler, api::ConsumerScalerStatus status,
                                        std::stop_token stop);
  Result<bool> act(const api::ConsumerScaler& scaler, const std::vector<Action>& actions,
                   runtime::ReconcileContext& context);
  void forget(const k8s::ObjectKey& key);

  Eyes eyes_;
  k8s::Client client_;
  k8s::EventRecorder& events_;
  Settings settings_;
  Latest<api::ConsumerScaler> latest_;
  ReplicaSight sight_;
  std::mutex mutex_;
  std::map<k8s::ObjectKey, SteadyTime> written_;
  Budget numbers_{20};  // status writes a second, of all objects together, that say nothing but numbers
};

}  // namespace penstock::op::consumer_scaler
