// What one tick of lag and decisions costs, without any I/O: CPU time for each size, as a share of the one second that
// a tick has.
#include <penstock/scaling/decision.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

using namespace penstock;

namespace {

struct Size {
  int scalers, partitions;  // partitions of each scaler's topic
};

struct Scaler {
  std::vector<Reading> ends, starts, committed;
  scaling::EndHistory history;
  scaling::GroupPast past;
  scaling::Memory memory;
};

api::ConsumerScalerSpec spec() {
  api::ConsumerScalerSpec spec;
  spec.consumer_group = "group";
  spec.topics = {"orders"};
  spec.lag_threshold = 1000;
  spec.min_replicas = 0;
  return spec;
}

Scaler make_scaler(int partitions) {
  Scaler scaler;
  const auto count = static_cast<std::size_t>(partitions);
  scaler.ends.resize(count);
  scaler.starts.assign(count, Reading::of(0));
  scaler.committed.resize(count);
  return scaler;
}

// Ends and commits move with each tick, so that no tick is a repetition of the one before.
void move_on(Scaler& scaler, std::int64_t tick) {
  for (std::size_t p = 0; p < scaler.ends.size(); ++p) {
    scaler.ends[p] = Reading::of(1000 * tick + static_cast<std::int64_t>(p));
    scaler.committed[p] = Reading::of(900 * tick);
  }
}

scaling::Decision tick(Scaler& scaler, const api::ConsumerScalerSpec& wanted, SteadyTime now) {
  scaler.history.observe("a", scaler.ends, now);
  scaling::TopicInput topic;
  topic.name = "orders";
  topic.ends = scaler.ends;
  topic.starts = scaler.starts;
  topic.committed = scaler.committed;
  topic.history = &scaler.history;
  const scaling::GroupInput input{now, nullptr, {true, "Classic", "Stable", "range", 4}, {&topic, 1}};
  const auto lag = scaling::compute_lag(input, scaler.past, wanted);
  auto decision =
      scaling::decide(lag, input.group, wanted, {.current_replicas = 4, .hpa_desired = {}}, scaler.memory, now);
  scaler.memory = decision.memory;
  return decision;
}

double cpu_ms() {
  return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace

int main() {
  std::printf("%10s %22s %18s %16s\n", "scalers", "partitions of each", "CPU ms a tick", "share of 1 s");
  for (const Size size : std::array<Size, 4>{{{100, 10}, {1000, 10}, {10'000, 10}, {1000, 100}}}) {
    std::vector<Scaler> scalers(static_cast<std::size_t>(size.scalers), make_scaler(size.partitions));
    const auto wanted = spec();
    std::vector<double> ticks;
    std::int64_t replicas = 0;
    for (std::int64_t second = 1; second <= 7; ++second) {
      for (Scaler& scaler : scalers) move_on(scaler, second);
      const double begun = cpu_ms();
      for (Scaler& scaler : scalers)
        replicas += tick(scaler, wanted, SteadyTime{std::chrono::seconds{1000 + second}}).desired;
      ticks.push_back(cpu_ms() - begun);
    }
    std::sort(ticks.begin(), ticks.end());
    const double median = ticks[ticks.size() / 2];
    std::printf("%10d %22d %18.2f %15.2f%%\n", size.scalers, size.partitions, median, median / 10);
    if (replicas == 0) return 1;  // nothing was decided: the figures would mean nothing
  }
  return 0;
}
