// The series of one controller, by controller-runtime's names, all there from the start so that a rate has its zero.
#pragma once
#include <penstock/base/metrics.hpp>
#include <penstock/runtime/controller.hpp>

#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace penstock::runtime {

struct Controller::Meters {
  explicit Meters(std::string controller) : name(std::move(controller)) {}

  prometheus::Counter& reconciled(const char* result) const {
    return prometheus::BuildCounter()
        .Name("controller_runtime_reconcile_total")
        .Help("Reconciles by controller and result")
        .Register(metrics::registry())
        .Add({{"controller", name}, {"result", result}});
  }
  prometheus::Counter& counter(const char* metric, const char* help) const {
    return prometheus::BuildCounter().Name(metric).Help(help).Register(metrics::registry()).Add({{"controller", name}});
  }
  prometheus::Gauge& gauge(const char* metric, const char* help) const {
    return prometheus::BuildGauge().Name(metric).Help(help).Register(metrics::registry()).Add({{"controller", name}});
  }
  prometheus::Histogram& durations() const {
    return prometheus::BuildHistogram()
        .Name("controller_runtime_reconcile_time_seconds")
        .Help("How long a reconcile took")
        .Register(metrics::registry())
        .Add({{"controller", name}},
             prometheus::Histogram::BucketBoundaries{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60});
  }

  std::string name;
  prometheus::Counter& success = reconciled("success");
  prometheus::Counter& error = reconciled("error");
  prometheus::Counter& requeue = reconciled("requeue");  // always 0 here: a dashboard may ask for it
  prometheus::Counter& requeue_after = reconciled("requeue_after");
  prometheus::Counter& errors = counter("controller_runtime_reconcile_errors_total", "Reconciles that failed");
  prometheus::Counter& terminal_errors =
      counter("controller_runtime_terminal_reconcile_errors_total", "Failures that are not tried again");
  prometheus::Counter& panics = counter("controller_runtime_reconcile_panics_total", "Reconciles that threw");
  prometheus::Histogram& time = durations();
  prometheus::Gauge& max_workers = gauge("controller_runtime_max_concurrent_reconciles", "Workers");
  prometheus::Gauge& active_workers = gauge("controller_runtime_active_workers", "Workers that are busy");
  // The queue's own label set, so that it stands beside the queue's other series.
  prometheus::Counter& retries = prometheus::BuildCounter()
                                     .Name("workqueue_retries_total")
                                     .Help("Keys queued again after a failure")
                                     .Register(metrics::registry())
                                     .Add({{"name", name}, {"controller", name}});
};

}  // namespace penstock::runtime
