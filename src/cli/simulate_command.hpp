// `simulate`, from its options to an exit status.
#pragma once
#include <penstock/cli/console.hpp>
#include <penstock/cli/options.hpp>

#include <stop_token>

namespace penstock::cli {

int simulate(const SimulateOptions& options, Console& console, const Clock& clock, const std::stop_token& stop);

}  // namespace penstock::cli
