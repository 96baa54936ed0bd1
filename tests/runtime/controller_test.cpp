#include <penstock/base/metrics.hpp>
#include <penstock/runtime/controller.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::runtime;
using k8s::ObjectKey;

namespace {

const ObjectKey kA{"n", "a"}, kB{"n", "b"};

struct Fixture {
  ManualClock clock;
  Result<Outcome> answer = Outcome{};
  int calls = 0;
  Controller controller{{"test", 1, 500ms, 2min},
                        [this](const ObjectKey&, ReconcileContext&) {
                          ++calls;
                          return answer;
                        },
                        clock};

  // How long until the key is due again; nullopt when it is not within a day.
  std::optional<Duration> next() {
    for (Duration waited{0}; waited < 24h; waited += 250ms, clock.advance(250ms))
      if (controller.step()) return waited;
    return std::nullopt;
  }
};

bool exposed(const std::string& line) {
  return metrics::expose().find(line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a key that succeeded rests, unless it asks for a time") {
  controller.queue().add(kA);
  CHECK(next() == 0ms);
  CHECK(!controller.step());
  CHECK(controller.queue().size() == 0);
  answer = Outcome{90s};
  controller.queue().add(kA);
  CHECK(next() == 0ms);
  CHECK(next() == 90s);
}

TEST_CASE_FIXTURE(Fixture, "failures back off twice as long each, up to the limit, for their key alone") {
  answer = fail(Code::kUnavailable, "down");
  controller.queue().add(kA);
  CHECK(next() == 0ms);
  for (const Duration wait :
       {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16'000ms, 32'000ms, 64'000ms, 120'000ms, 120'000ms})
    CHECK(next() == wait);
  controller.queue().add(kB);
  CHECK(next() == 0ms);
  CHECK(next() == 500ms);
}

TEST_CASE_FIXTURE(Fixture, "a success starts the back-off anew") {
  answer = fail(Code::kUnavailable, "down");
  controller.queue().add(kA);
  CHECK(next() == 0ms);
  CHECK(next() == 500ms);
  CHECK(next() == 1s);
  answer = Outcome{};
  CHECK(next() == 2s);
  answer = fail(Code::kUnavailable, "down");
  controller.queue().add(kA);
  CHECK(next() == 0ms);
  CHECK(next() == 500ms);
}

TEST_CASE_FIXTURE(Fixture, "an edit does not wait for the back-off to end") {
  answer = fail(Code::kUnavailable, "down");
  controller.queue().add(kA);
  CHECK(next() == 0ms);
  controller.queue().add(kA);
  CHECK(next() == 0ms);
}

TEST_CASE_FIXTURE(Fixture, "an error says whether and when to come back") {
  answer = fail(Code::kThrottled, "slow down", Retry::after(7s));
  controller.queue().add(kA);
  CHECK(next() == 0ms);
  CHECK(next() == 7s);
  answer = fail(Code::kInvalid, "never", Retry::never());
  CHECK(next() == 7s);
  CHECK(!next());
  // It is looked at again when it changes, with a fresh back-off.
  answer = fail(Code::kUnavailable, "down");
  controller.queue().add(kA);
  CHECK(next() == 0ms);
  CHECK(next() == 500ms);
}

TEST_CASE("an exception is a failure like any other") {
  ManualClock clock;
  Controller controller(
      {"throws", 1, 500ms, 2min},
      [](const ObjectKey&, ReconcileContext&) -> Result<Outcome> { throw std::runtime_error("oops"); }, clock);
  controller.queue().add(kA);
  CHECK(controller.step());
  CHECK(controller.queue().size() == 1);
  CHECK(exposed(R"(controller_runtime_reconcile_panics_total{controller="throws"} 1)"));
  CHECK(exposed(R"(controller_runtime_reconcile_errors_total{controller="throws"} 1)"));
}

TEST_CASE("every series is there before the first reconcile, and counts by result") {
  ManualClock clock;
  Result<Outcome> answer = Outcome{};
  Controller controller(
      {"counted", 3, 500ms, 2min},
      [&](const ObjectKey&, ReconcileContext&) {
        clock.advance(2s);
        return answer;
      },
      clock);
  for (const auto* result : {"success", "error", "requeue", "requeue_after"})
    CHECK(
        exposed(R"(controller_runtime_reconcile_total{controller="counted",result=")" + std::string(result) + "\"} 0"));
  CHECK(exposed(R"(controller_runtime_max_concurrent_reconciles{controller="counted"} 3)"));
  CHECK(exposed(R"(controller_runtime_active_workers{controller="counted"} 0)"));
  CHECK(exposed(R"(controller_runtime_reconcile_time_seconds_count{controller="counted"} 0)"));
  controller.queue().add(kA);
  CHECK(controller.step());
  answer = Outcome{1s};
  controller.queue().add(kA);
  CHECK(controller.step());
  answer = fail(Code::kInvalid, "no", Retry::never());
  clock.advance(1s);
  CHECK(controller.step());
  CHECK(exposed(R"(controller_runtime_reconcile_total{controller="counted",result="success"} 1)"));
  CHECK(exposed(R"(controller_runtime_reconcile_total{controller="counted",result="requeue_after"} 1)"));
  CHECK(exposed(R"(controller_runtime_reconcile_total{controller="counted",result="error"} 1)"));
  CHECK(exposed(R"(controller_runtime_terminal_reconcile_errors_total{controller="counted"} 1)"));
  CHECK(exposed(R"(controller_runtime_reconcile_time_seconds_sum{controller="counted"} 6)"));
  CHECK(exposed(R"(workqueue_retries_total{controller="counted",name="counted"} 0)"));
}

TEST_CASE("each reconcile has an id of its own") {
  ManualClock clock;
  std::set<std::string> ids;
  Controller controller(
      {"ids", 1, 500ms, 2min},
      [&](const ObjectKey&, ReconcileContext& context) -> Result<Outcome> {
        ids.insert(context.reconcile_id);
        return Outcome{};
      },
      clock);
  for (int i = 0; i < 50; ++i) {
    controller.queue().add(kA);
    CHECK(controller.step());
  }
  CHECK(ids.size() == 50);
  CHECK(ids.begin()->size() == 36);
}

TEST_CASE("workers work side by side, never on one key at once, and end at the stop") {
  const SystemClock clock;
  std::mutex mutex;
  std::condition_variable_any changed;
  int inside = 0;
  std::set<ObjectKey> keys;
  Controller controller(
      {"workers", 2, 500ms, 2min},
      [&](const ObjectKey& key, ReconcileContext& context) -> Result<Outcome> {
        std::unique_lock lock(mutex);
        CHECK(keys.insert(key).second);
        ++inside;
        changed.notify_all();
        changed.wait(lock, context.stop, [] { return false; });
        keys.erase(key);
        return fail(Code::kCancelled, "stopped");
      },
      clock);
  std::jthread runner([&](const std::stop_token& stop) { controller.run(stop); });
  controller.queue().add(kA);
  controller.queue().add(kB);
  {
    std::unique_lock lock(mutex);
    CHECK(changed.wait_for(lock, std::chrono::seconds(20), [&] { return inside == 2; }));
  }
  controller.queue().add(kA);
  runner.request_stop();
  runner.join();
  CHECK(inside == 2);
  CHECK(exposed(R"(controller_runtime_reconcile_errors_total{controller="workers"} 0)"));
}
