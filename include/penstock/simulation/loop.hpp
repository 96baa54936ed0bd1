// A closed loop in simulated time: load, consumers, a rule that turns lag into replicas, and the
// HorizontalPodAutoscaler that carries it out. What came of it is counted, so that rules can be compared.
// Deterministic.
#pragma once
#include <penstock/simulation/consumers.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace penstock::simulation {

enum class Rule {
  kPenstock,  // this project's decision, as its Native engine carries it out
  kKeda,      // KEDA's kafka trigger: lag over threshold, 0 and 1 every 30 s, cooldown after the last activity
  kOracle,    // knows the load and asks for the ideal at each moment
};

struct Scenario {
  std::string name;
  World world;
  api::ConsumerScalerSpec spec;
  std::function<double(Duration)> load;  // records a second at a time since the start
  Duration length = 2h;
  std::optional<int> replicas;     // at the start; unset: the ideal
  std::map<Duration, int> growth;  // partitions, from a time on
  Duration slo = 60s;              // the oldest record is younger than this
  Duration hpa_period = 15s;
};

struct Moment {
  Duration at{};
  double load = 0;       // records a second
  std::int64_t lag = 0;  // records
  Duration delay{};      // age of the oldest record
  int desired = 0, replicas = 0, ideal = 0;
};

struct Outcome {
  std::vector<Moment> moments;  // one each second
  double missed_minutes = 0;    // of the SLO
  double replica_hours = 0;
  double ideal_hours = 0;  // of as many replicas as the load needs and the spec asks to keep at each moment
  int scalings = 0;        // changes of the number of replicas
  int reversals = 0;       // of them, those that took back one of the last ten minutes
  int highest = 0;         // replicas
  std::int64_t lost = 0;   // records
  std::map<std::string, std::string> reasons;  // verdict types that were given, and what they said first
};

Outcome run(const Scenario& scenario, Rule rule);

}  // namespace penstock::simulation
