// The loads on which rules are compared: what consumer workloads meet in a day.
#pragma once
#include <penstock/simulation/loop.hpp>

#include <vector>

namespace penstock::simulation {

std::vector<Scenario> scenarios();

}  // namespace penstock::simulation
