#include <penstock/base/metrics.hpp>
#include <penstock/runtime/work_queue.hpp>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::runtime;
using k8s::ObjectKey;

namespace {

const ObjectKey kA{"n", "a"}, kB{"n", "b"}, kC{"n", "c"};

struct Fixture {
  ManualClock clock;
  WorkQueue queue{clock};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a key is queued once however often it is added") {
  for (int i = 0; i < 5; ++i) queue.add(kA);
  CHECK(queue.size() == 1);
  CHECK(queue.try_take() == kA);
  CHECK(!queue.try_take());
}

TEST_CASE_FIXTURE(Fixture, "keys come in the order in which they became due") {
  queue.add(kC);
  clock.advance(1ms);
  queue.add(kA);
  clock.advance(1ms);
  queue.add(kC);
  queue.add(kB);
  CHECK(queue.try_take() == kC);
  CHECK(queue.try_take() == kA);
  CHECK(queue.try_take() == kB);
}

TEST_CASE_FIXTURE(Fixture, "the earliest wanted time wins, whichever was wanted first") {
  queue.add_after(kA, 10s);
  queue.add_after(kA, 2s);
  queue.add_after(kA, 5s);
  clock.advance(1999ms);
  CHECK(!queue.try_take());
  clock.advance(1ms);
  CHECK(queue.try_take() == kA);
  queue.done(kA);
  clock.advance(1h);
  CHECK(!queue.try_take());

  queue.add_after(kB, 10s);
  queue.add(kB);
  CHECK(queue.try_take() == kB);
}

TEST_CASE_FIXTURE(Fixture, "a key that is being worked on waits for the end of the work") {
  queue.add(kA);
  CHECK(queue.try_take() == kA);
  queue.add(kA);
  CHECK(!queue.try_take());
  CHECK(queue.size() == 0);
  queue.done(kA);
  CHECK(queue.try_take() == kA);
  queue.done(kA);
  CHECK(!queue.try_take());
}

TEST_CASE_FIXTURE(Fixture, "an edit during the work wins over the time that the work asks for") {
  queue.add(kA);
  CHECK(queue.try_take() == kA);
  queue.add_after(kA, 1h);
  queue.add(kA);
  queue.add_after(kA, 2h);
  queue.done(kA);
  CHECK(queue.try_take() == kA);
  queue.done(kA);
  clock.advance(3h);
  CHECK(!queue.try_take());
}

TEST_CASE_FIXTURE(Fixture, "a delay that is negative is none, and one that is endless does not wrap around") {
  queue.add_after(kA, -5s);
  CHECK(queue.try_take() == kA);
  queue.add_after(kB, Duration::max());
  clock.advance(24h);
  CHECK(!queue.try_take());
  CHECK(queue.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "done for what nobody works on changes nothing") {
  queue.done(kA);
  queue.add(kA);
  queue.done(kA);
  CHECK(queue.try_take() == kA);
}

TEST_CASE_FIXTURE(Fixture, "a stop ends a wait, even with work left") {
  queue.add(kA);
  std::stop_source stop;
  stop.request_stop();
  CHECK(!queue.take(stop.get_token()));

  std::jthread waiter([this](const std::stop_token& token) { CHECK(!WorkQueue(clock).take(token)); });
  waiter.request_stop();
}

TEST_CASE("a waiting worker hears of a key that is due sooner than the one it waits for") {
  const SystemClock clock;
  WorkQueue queue(clock);
  queue.add_after(kA, 1h);
  std::jthread waiter([&](const std::stop_token& stop) { CHECK(queue.take(stop) == kB); });
  queue.add(kB);
  waiter.join();
}

TEST_CASE("a waiting worker gets a delayed key when its time has come") {
  const SystemClock clock;
  WorkQueue queue(clock);
  const SteadyTime began = clock.now();
  queue.add_after(kA, 30ms);
  CHECK(queue.take({}) == kA);
  CHECK(clock.now() - began >= 30ms);
}

TEST_CASE("under many producers and workers no key is lost and none is worked on twice at once") {
  const SystemClock clock;
  WorkQueue queue(clock);
  constexpr int kKeys = 7, kWorkers = 4, kProducers = 3, kAdds = 2000;
  // A producer raises the number of a key before it adds it: the last work on it must see the last number.
  std::vector<std::atomic<int>> produced(kKeys), seen(kKeys), busy(kKeys);
  std::atomic<bool> overlap = false;
  std::stop_source stop;
  {
    std::vector<std::jthread> workers;
    for (int w = 0; w < kWorkers; ++w)
      workers.emplace_back([&] {
        while (const auto key = queue.take(stop.get_token())) {
          const auto i = static_cast<std::size_t>(std::stoi(key->name));
          if (busy[i].fetch_add(1) != 0) overlap = true;
          seen[i] = produced[i].load();
          busy[i].fetch_sub(1);
          queue.done(*key);
        }
      });
    {
      std::vector<std::jthread> producers;
      for (int p = 0; p < kProducers; ++p)
        producers.emplace_back([&, p] {
          for (int n = 0; n < kAdds; ++n) {
            const auto i = static_cast<std::size_t>((n * 5 + p) % kKeys);
            ++produced[i];
            queue.add_after({"", std::to_string(i)}, Duration{n % 3});
          }
        });
    }
    // One more round through every key, each after all that was wanted of it before.
    for (int i = 0; i < kKeys; ++i)
      while (seen[static_cast<std::size_t>(i)] != produced[static_cast<std::size_t>(i)]) std::this_thread::yield();
    stop.request_stop();
  }
  CHECK(!overlap);
  for (std::size_t i = 0; i < kKeys; ++i) CHECK(seen[i] == produced[i]);
}

TEST_CASE("a named queue counts what became due and how deep it is") {
  ManualClock clock;
  WorkQueue queue(clock, "depth-test");
  const auto exposed = [](const std::string& line) { return metrics::expose().find(line) != std::string::npos; };
  CHECK(exposed(R"(workqueue_adds_total{controller="depth-test",name="depth-test"} 0)"));
  queue.add(kA);
  queue.add(kB);
  queue.add_after(kC, 1s);
  CHECK(exposed(R"(workqueue_depth{controller="depth-test",name="depth-test"} 2)"));
  clock.advance(2s);
  CHECK(queue.try_take() == kA);
  CHECK(exposed(R"(workqueue_depth{controller="depth-test",name="depth-test"} 2)"));
  CHECK(exposed(R"(workqueue_adds_total{controller="depth-test",name="depth-test"} 3)"));
  CHECK(exposed(R"(workqueue_queue_duration_seconds_sum{controller="depth-test",name="depth-test"} 2)"));
  clock.advance(3s);
  queue.done(kA);
  CHECK(exposed(R"(workqueue_work_duration_seconds_sum{controller="depth-test",name="depth-test"} 3)"));
}
