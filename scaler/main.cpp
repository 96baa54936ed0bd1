// penstock-scaler: reads lag, decides, answers.
#include <penstock/base/log.hpp>
#include <penstock/http/transport.hpp>
#include <penstock/runtime/process.hpp>
#include <penstock/scaler/app.hpp>

#include <cstdio>

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  using namespace penstock;
  const runtime::StopSignals signals;  // before the first thread, so that no other one takes a signal
  http::initialize_process();
  scaler::Settings settings;
  std::string tick = "1s";
  log::Level level = log::Level::kInfo;
  CLI::App app("Reads consumer lag, decides on replicas, answers KEDA, HPA and the operator. Writes nothing.",
               "penstock-scaler");
  app.set_version_flag("--version", "penstock-scaler " PENSTOCK_VERSION);
  app.add_option("--kubeconfig", settings.kubeconfig, "kubeconfig file; default: $KUBECONFIG, then in-cluster");
  app.add_option("--namespace", settings.ns, "release namespace; default: the configuration's own");
  app.add_option("--grpc-address", settings.grpc_address, "KEDA's external scaler and the decision feed")
      ->capture_default_str();
  app.add_option("--metrics-api-address", settings.metrics_api_address, "external.metrics.k8s.io over HTTPS")
      ->capture_default_str();
  app.add_option("--health-address", settings.health_address, "/healthz, /readyz and /metrics")->capture_default_str();
  app.add_option("--tick", tick, "how often offsets are read")->capture_default_str();
  app.add_flag("--partition-metrics", settings.partition_metrics,
               "also a metric for the lag of each partition, of 10,000 at most");
  const std::map<std::string, log::Level> levels{{"debug", log::Level::kDebug},
                                                 {"info", log::Level::kInfo},
                                                 {"warn", log::Level::kWarn},
                                                 {"error", log::Level::kError}};
  app.add_option("--log-level", level, "debug, info, warn or error")->transform(CLI::CheckedTransformer(levels));
  CLI11_PARSE(app, argc, argv);
  log::set_level(level);
  const auto parsed = parse_duration(tick);
  if (!parsed || *parsed < 100ms || *parsed > 1min) {
    std::fprintf(stderr, "--tick must be a duration from 100ms to 1m\n");
    return 2;
  }
  settings.tick = *parsed;
  if (const auto done = scaler::run(settings, signals.token()); !done) {
    log::error("penstock-scaler can't run", {{"error", done.error().to_string()}});
    return 1;
  }
  return 0;
}
