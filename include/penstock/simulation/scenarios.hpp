// The loads on which rules are compared: what consumer workloads meet in a day.
#pragma once
#include <penstock/simulation/loop.hpp>

#include <vector>

namespace penstock::simulation {

std::vector<Scenario> scenarios();
// The same after a time with the load of its beginning: what a rule meets may depend on where it just is.
Scenario later(Scenario scenario, Duration by);

}  // namespace penstock::simulation
