// kubectl-penstock: what Penstock knows, for a person; kubectl finds it as `kubectl penstock`.
#include <penstock/base/log.hpp>
#include <penstock/cli/run.hpp>
#include <penstock/runtime/process.hpp>

int main(int argc, char** argv) {
  using namespace penstock;
  log::set_level(log::Level::kError);
  const runtime::StopSignals signals;  // before the first thread, so that no other one takes a signal
  const SystemClock clock;
  cli::Console console = cli::this_console();
  return cli::run(argc, argv, PENSTOCK_VERSION, console, clock, signals.token());
}
