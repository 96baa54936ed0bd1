// What ConsumerScalers would do under a load, by the very code that decides, in simulated time. Pure.
#pragma once
#include <penstock/cli/answer.hpp>
#include <penstock/simulation/loop.hpp>

#include <string>
#include <vector>

namespace penstock::cli {

struct Simulated {
  std::string name;  // of the file, or "KEDA's rule"
  simulation::Outcome outcome;
};

// A line for each.
Answer answer_of(const std::vector<Simulated>& all);
// Lag, delay and replicas over time, as SVG.
std::string picture(const std::vector<Simulated>& all);

}  // namespace penstock::cli
