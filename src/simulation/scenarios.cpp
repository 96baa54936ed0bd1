#include <penstock/simulation/scenarios.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace penstock::simulation {
namespace {

double hours(Duration time) {
  return std::chrono::duration<double, std::ratio<3600>>(time).count();
}

// Twelve partitions, a hundred records a second and consumer: a threshold of ten seconds' work, and for those who know
// delays, half the SLO.
Scenario base(std::string name) {
  Scenario s;
  s.name = std::move(name);
  s.spec.consumer_group = "orders";
  s.spec.topics = {"orders"};
  s.spec.lag_threshold = 1000;
  s.spec.delay_threshold = 30s;
  s.spec.min_replicas = 1;
  s.spec.offset_reset = api::OffsetReset::kEarliest;
  s.load = [](Duration) { return 150.0; };
  return s;
}

double wave(Duration at, Duration period) {
  return (1 - std::cos(2 * std::numbers::pi * hours(at) / hours(period))) / 2;
}

}  // namespace

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  const auto add = [&](std::string name) -> Scenario& { return all.emplace_back(base(std::move(name))); };

  add("step").load = [](Duration at) { return at < 10min ? 150.0 : 850.0; };
  add("spike").load = [](Duration at) { return at >= 10min && at < 15min ? 1050.0 : 150.0; };
  Scenario& sine = add("sine");
  sine.load = [](Duration at) { return 120 + 800 * wave(at, 2h); };
  sine.length = 4h;
  add("ramp").load = [](Duration at) { return 100 + 900 * std::min(hours(at), 1.0); };
  Scenario& hot = add("one hot partition");
  hot.load = [](Duration at) { return at < 10min ? 150.0 : 400.0; };
  hot.world.shares = {0.45, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05};
  Scenario& stuck = add("stuck partition");
  stuck.load = [](Duration) { return 250.0; };
  stuck.world.stuck = 5;
  stuck.world.stuck_from = 20min;
  Scenario& slow = add("slow start");
  slow.world.startup = 90s;
  slow.spec.startup = 90s;
  slow.load = [](Duration at) { return at < 10min ? 150.0 : 650.0; };
  Scenario& retention = add("retention loss");
  retention.world.retention = 5min;
  retention.spec.max_replicas = 6;
  retention.load = [](Duration at) { return at >= 10min && at < 40min ? 900.0 : 150.0; };
  Scenario& markers = add("transactional");
  markers.world.transactional = true;
  markers.spec.min_replicas = 0;
  markers.load = [](Duration at) { return at < 40min ? 300.0 : 0.0; };
  Scenario& day = add("night and day");
  day.spec.min_replicas = 0;
  day.load = [](Duration at) { return at % 24h < 8h ? 0.0 : 1000 * wave(at % 24h - 8h, 16h); };
  day.length = 24h;
  Scenario& bursts = add("short bursts");
  bursts.world.startup = 60s;
  bursts.spec.startup = 60s;
  bursts.load = [](Duration at) { return at % 5min < 20s ? 600.0 : 60.0; };
  Scenario& growing = add("partitions growing");
  growing.world.partitions = 6;
  growing.growth[20min] = 12;
  growing.load = [](Duration at) { return at < 10min ? 150.0 : 900.0; };
  return all;
}

Scenario later(Scenario scenario, Duration by) {
  scenario.load = [load = std::move(scenario.load), by](Duration at) { return load(std::max<Duration>(at - by, 0s)); };
  std::map<Duration, int> growth;
  for (const auto& [at, partitions] : scenario.growth) growth[at + by] = partitions;
  scenario.growth = std::move(growth);
  scenario.world.stuck_from += by;
  scenario.length += by;
  return scenario;
}

}  // namespace penstock::simulation
