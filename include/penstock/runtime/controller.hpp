// A controller is a function of a key, called by a few workers, one at a time for each key. Errors come back with
// per-key exponential back-off; metrics carry controller-runtime's names (controller_runtime_reconcile_total,
// …_time_seconds, …_errors_total, workqueue_depth, …).
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/runtime/work_queue.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace penstock::runtime {

struct ReconcileContext {
  std::string reconcile_id;  // in every log line of this reconcile
  std::stop_token stop;
};

struct Outcome {
  std::optional<Duration> requeue_after;
};

using Reconcile = std::function<Result<Outcome>(const k8s::ObjectKey&, ReconcileContext&)>;

struct ControllerOptions {
  std::string name;
  int workers = 1;
  Duration first_back_off = 500ms;
  Duration longest_back_off = 2min;
};

class Controller {
 public:
  Controller(ControllerOptions options, Reconcile reconcile, const Clock& clock);
  ~Controller();

  WorkQueue& queue() { return queue_; }
  // Works until the stop; returns when all workers have ended.
  void run(std::stop_token stop);
  // Handles one due key, if there is one, on this thread: for simulated clocks.
  bool step(std::stop_token stop = {});

 private:
  struct Meters;
  void handle(const k8s::ObjectKey& key, std::stop_token stop);
  Result<Outcome> guarded(const k8s::ObjectKey& key, ReconcileContext& context);
  void succeeded(const k8s::ObjectKey& key, const Outcome& outcome);
  void failed(const k8s::ObjectKey& key, const ReconcileContext& context, const Error& error);
  Duration next_back_off(const k8s::ObjectKey& key);
  void forget(const k8s::ObjectKey& key);

  ControllerOptions options_;
  Reconcile reconcile_;
  const Clock& clock_;
  WorkQueue queue_;
  std::mutex mutex_;
  std::map<k8s::ObjectKey, int> failures_;  // in a row; guarded by mutex_
  std::unique_ptr<Meters> meters_;
};

}  // namespace penstock::runtime
