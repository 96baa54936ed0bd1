#include "sources.hpp"

#include <penstock/cli/client_settings.hpp>
#include <penstock/cli/comparison_source.hpp>
#include <penstock/cli/decision_report.hpp>
#include <penstock/cli/kafka_source.hpp>
#include <penstock/cli/kubectl.hpp>

namespace penstock::cli {
namespace {

constexpr const char* kClientId = "kubectl-penstock";
// As in the Helm chart.
constexpr const char* kService = "penstock-scaler";
constexpr int kPort = 9443;
// A look at a load that takes longer is a second without one.
constexpr Duration kLoadTimeout = 5s;

Result<ClientSettings> settings_of(const KafkaOptions& options, Console& console) {
  Properties properties;
  if (!options.command_config.empty()) {
    const auto text = read_file(options.command_config);
    if (!text) return std::unexpected(text.error());
    auto parsed = parse_properties(*text);
    if (!parsed) return fail(options.command_config, parsed.error());
    properties = std::move(*parsed);
  }
  if (!options.bootstrap_servers.empty()) properties["bootstrap.servers"] = options.bootstrap_servers;
  auto settings = read_client_settings(properties, read_file);
  if (!settings && !options.command_config.empty()) return fail(options.command_config, settings.error());
  if (settings && settings->connection.bootstrap_servers.empty())
    return fail(Code::kInvalid, options.command_config + " has no bootstrap.servers: give --bootstrap-server",
                Retry::never());
  if (settings)
    for (const std::string& warning : settings->warnings) console.err << "warning: " << warning << "\n";
  return settings;
}

FindRoute route_of(const FeedOptions& options, Duration timeout) {
  const Kubectl kubectl{options.kubeconfig, options.context};
  return [kubectl, scaler = options.scaler, ns = options.penstock_namespace,
          timeout](const std::stop_token& until) -> Result<Route> {
    auto identity = kubectl.tls_secret(ns, std::string(api::kCallerTlsSecret), timeout, until);
    if (!identity) return std::unexpected(identity.error());
    if (!scaler.empty()) return Route{scaler, std::move(*identity), {}};
    auto forward = PortForward::start(kubectl, ns, kService, kPort, timeout, until);
    if (!forward) return std::unexpected(forward.error());
    std::string address = (*forward)->address();
    return Route{std::move(address), std::move(*identity), std::shared_ptr<PortForward>(std::move(*forward))};
  };
}

// Empty: all, as where a scaler is named.
Result<std::string> namespace_of(const FeedOptions& options, Duration timeout, const std::stop_token& stop) {
  if (!options.ns.empty() || options.all_namespaces || !options.scaler.empty()) return options.ns;
  return Kubectl{options.kubeconfig, options.context}.current_namespace(timeout, stop);
}

}  // namespace

Result<std::unique_ptr<Source>> open_kafka(const LagOptions& options, const LagRequest& request, Console& console,
                                           const Clock& clock) {
  const auto settings = settings_of(options.kafka, console);
  if (!settings) return std::unexpected(settings.error());
  auto reader = kafka::open_offset_reader(settings->connection, kClientId, clock);
  if (!reader) return std::unexpected(reader.error());
  auto lister = kafka::open_group_lister(settings->connection, kClientId, clock);
  if (!lister) return std::unexpected(lister.error());
  KafkaWish wish{options.groups, options.topics, settings->read_committed, api::OffsetReset::kLatest, request.timeout};
  if (options.offset_reset == "earliest") wish.offset_reset = api::OffsetReset::kEarliest;
  const GroupView view{options.partitions, request.watch.has_value(), request.sort};
  return std::make_unique<KafkaSource>(std::move(*reader), std::move(*lister), std::move(wish), view, clock);
}

Result<std::unique_ptr<Source>> open_feed(const FeedOptions& options, Duration timeout, Report report,
                                          const Clock& clock, const std::stop_token& stop) {
  auto ns = namespace_of(options, timeout, stop);
  if (!ns) return std::unexpected(ns.error());
  FeedWish wish{std::move(*ns), options.names, timeout};
  return std::make_unique<FeedSource>(route_of(options, timeout), std::move(wish), std::move(report), clock);
}

Result<std::unique_ptr<Source>> open_comparison(const FeedOptions& options, Duration timeout,
                                                const std::stop_token& stop) {
  auto ns = namespace_of(options, timeout, stop);
  if (!ns) return std::unexpected(ns.error());
  if (ns->empty())
    return fail(Code::kInvalid, "--scaler needs the ConsumerScaler's namespace: give -n", Retry::never());
  return std::make_unique<ComparisonSource>(route_of(options, timeout), std::move(*ns), options.names.front(), timeout);
}

Result<std::unique_ptr<LoadSource>> open_load(const SimulateOptions& options, const api::ConsumerScaler& scaler,
                                              Console& console, const Clock& clock, const std::stop_token& stop) {
  if (options.kafka.given()) {
    const auto settings = settings_of(options.kafka, console);
    if (!settings) return std::unexpected(settings.error());
    auto reader = kafka::open_offset_reader(settings->connection, kClientId, clock);
    if (!reader) return std::unexpected(reader.error());
    return std::make_unique<KafkaLoad>(std::move(*reader), scaler.spec, kLoadTimeout);
  }
  FeedOptions feed = options.feed;
  feed.names = {scaler.meta.name};
  if (feed.ns.empty()) feed.ns = scaler.meta.ns;
  auto decisions =
      open_feed(feed, kLoadTimeout, [](const auto& told) { return answer_of(told, DecisionView{}); }, clock, stop);
  if (!decisions) return std::unexpected(decisions.error());
  return std::make_unique<FeedLoad>(std::move(*decisions), clock);
}

}  // namespace penstock::cli
