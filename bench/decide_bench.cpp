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
  scaling::GroupInput input;
  scaling::History history;
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
  scaler.input.group = {
      .known = true, .type = "Classic", .state = "Stable", .assignor = "range", .members = 4, .assigned = {}};
  scaler.input.topics.emplace("orders", partitions);
  return scaler;
}

// Ends and commits move with each tick, so that no tick is a repetition of the one before.
void move_on(Scaler& scaler, int partitions, std::int64_t tick) {
  scaler.input.taken = SteadyTime{std::chrono::seconds{1000 + tick}};
  for (int p = 0; p < partitions; ++p)
    scaler.input.partitions.insert_or_assign(
        {"orders", p},
        scaling::PartitionInput{1000 * tick + p, std::int64_t{0}, std::optional<std::int64_t>{900 * tick}});
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
    for (std::int64_t tick = 1; tick <= 7; ++tick) {
      for (Scaler& scaler : scalers) move_on(scaler, size.partitions, tick);
      const double begun = cpu_ms();
      for (Scaler& scaler : scalers) {
        const auto lag = scaling::compute_lag(scaler.input, scaler.history, wanted);
        const auto decision =
            scaling::decide(lag, scaler.input.group, wanted, {.current_replicas = 4, .hpa_desired = {}}, scaler.memory,
                            scaler.input.taken);
        scaler.memory = decision.memory;
        replicas += decision.desired;
      }
      ticks.push_back(cpu_ms() - begun);
    }
    std::sort(ticks.begin(), ticks.end());
    const double median = ticks[ticks.size() / 2];
    std::printf("%10d %22d %18.2f %15.2f%%\n", size.scalers, size.partitions, median, median / 10);
    if (replicas == 0) return 1;  // nothing was decided: the figures would mean nothing
  }
  return 0;
}
