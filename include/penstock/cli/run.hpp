// kubectl-penstock: from the words of a command line to an exit status.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/cli/console.hpp>
#include <penstock/cli/options.hpp>

#include <stop_token>
#include <string>

namespace penstock::cli {

// 0: done. 1: something could not be read. 2: the command line is wrong.
int run(int argc, const char* const* argv, const std::string& version, Console& console, const Clock& clock,
        const std::stop_token& stop);

// Shows what a source tells: once, or until the stop.
int follow(Source& source, const LagRequest& request, bool headers, Console& console, const Clock& clock,
           const std::stop_token& stop);

}  // namespace penstock::cli
