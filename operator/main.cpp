// penstock-operator: the only hand of Penstock. Everything that is written to Kubernetes or to Kafka is written here.
#include <penstock/base/log.hpp>
#include <penstock/operator/manager.hpp>
#include <penstock/runtime/process.hpp>

#include <iostream>

#include <CLI/CLI.hpp>

namespace {

using penstock::op::ManagerOptions;

struct Flags {
  std::string kubeconfig, context, health = "0.0.0.0:8081", level = "info", scaler = "penstock-scaler:9443",
                                   keda_scaler;
  std::string lease_duration = "15s", renew_deadline = "10s", retry_period = "2s";
  std::vector<std::string> kafka_images;
};

[[noreturn]] void usage(const std::string& message) {
  std::cerr << message << "\n";
  std::exit(2);
}

penstock::Address address(const char* flag, const std::string& text) {
  const auto parsed = penstock::parse_address(text);
  if (!parsed) usage(std::string(flag) + ": " + parsed.error().what);
  return *parsed;
}

penstock::Duration duration(const char* flag, const std::string& text) {
  const auto parsed = penstock::parse_duration(text);
  if (!parsed) usage(std::string(flag) + " must be a duration such as 15s, not " + text);
  return *parsed;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto comma = std::min(text.find(',', begin), text.size());
    if (comma > begin) out.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return out;
}

void declare(CLI::App& app, Flags& flags, ManagerOptions& options) {
  app.set_version_flag("--version", "penstock-operator " PENSTOCK_VERSION);
  app.add_option("--kubeconfig", flags.kubeconfig,
                 "A kubeconfig file; else $KUBECONFIG, the pod's own, ~/.kube/config");
  app.add_option("--context", flags.context, "A context of the kubeconfig file");
  app.add_option("--namespace", options.release_namespace, "Where Penstock itself is installed; else the context's");
  app.add_option("--scaler-address", flags.scaler, "host:port of penstock-scaler's gRPC, several separated by commas")
      ->capture_default_str();
  app.add_option("--keda-scaler-address", flags.keda_scaler,
                 "host:port where KEDA reaches penstock-scaler; else the metrics service, port 9443");
  app.add_option("--keda-namespace", options.keda_namespace,
                 "Where KEDA runs: the certificate that it shows to penstock-scaler is put there")
      ->capture_default_str();
  app.add_option("--metrics-service", options.metrics_service, "The Service of the external metrics API")
      ->capture_default_str();
  app.add_option("--metrics-service-port", options.metrics_service_port, "Its port")->capture_default_str();
  app.add_option("--health-address", flags.health, "host:port for /healthz, /readyz and /metrics")
      ->capture_default_str();
  app.add_flag("--leader-elect,!--no-leader-elect", options.leader_election, "Work only while holding the lease")
      ->capture_default_str();
  app.add_option("--lease-name", options.lease.lease.name, "The Lease; else penstock-operator");
  app.add_option("--lease-duration", flags.lease_duration, "Others may take over after this long")
      ->capture_default_str();
  app.add_option("--renew-deadline", flags.renew_deadline, "The leader stops after this long without a renewal")
      ->capture_default_str();
  app.add_option("--retry-period", flags.retry_period, "Between attempts to renew")->capture_default_str();
  app.add_option("--kafka-image", flags.kafka_images,
                 "version=image, the image of a Kafka version (4.3.1=apache/kafka:4.3.1); may be repeated");
  app.add_option("--allowed-image", options.allowed_images,
                 "What an EventPlatform's own image may begin with; may be repeated");
  app.add_option("--cluster-domain", options.cluster_domain, "The cluster's DNS domain")->capture_default_str();
  app.add_option("--log-level", flags.level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
}

void finish(const Flags& flags, ManagerOptions& options) {
  options.health_address = address("--health-address", flags.health);
  if (!flags.keda_scaler.empty()) options.keda_scaler_address = address("--keda-scaler-address", flags.keda_scaler);
  options.scaler_addresses = split(flags.scaler);
  options.lease.duration = duration("--lease-duration", flags.lease_duration);
  options.lease.renew_deadline = duration("--renew-deadline", flags.renew_deadline);
  options.lease.retry_period = duration("--retry-period", flags.retry_period);
  if (options.lease.renew_deadline >= options.lease.duration ||
      options.lease.retry_period >= options.lease.renew_deadline)
    usage("--retry-period must be shorter than --renew-deadline, and that shorter than --lease-duration");
  options.kafka_images = {{"4.3.1", "apache/kafka:4.3.1"}};
  for (const std::string& pair : flags.kafka_images) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) usage("--kafka-image must be version=image, not " + pair);
    options.kafka_images[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
}

penstock::log::Level level_of(const std::string& name) {
  using penstock::log::Level;
  if (name == "debug") return Level::kDebug;
  if (name == "warn") return Level::kWarn;
  return name == "error" ? Level::kError : Level::kInfo;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs event platforms on Kubernetes: EventPlatform, Topic and ConsumerScaler."};
  Flags flags;
  ManagerOptions options;
  declare(app, flags, options);
  CLI11_PARSE(app, argc, argv);
  finish(flags, options);

  const penstock::runtime::StopSignals signals;  // before the first thread, so that no other one takes a signal
  penstock::http::initialize_process();
  penstock::log::set_level(level_of(flags.level));
  const penstock::SystemClock clock;
  const auto config = penstock::k8s::load_config(flags.kubeconfig, flags.context);
  if (!config) {
    penstock::log::error("no cluster to work on", {{"error", config.error().to_string()}});
    return 1;
  }
  return penstock::op::run_operator(*config, std::move(options), clock, signals.token());
}
