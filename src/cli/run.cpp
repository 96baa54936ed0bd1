#include <penstock/base/stop.hpp>
#include <penstock/cli/client_settings.hpp>
#include <penstock/cli/completion.hpp>
#include <penstock/cli/feed_source.hpp>
#include <penstock/cli/kafka_source.hpp>
#include <penstock/cli/kubectl.hpp>
#include <penstock/cli/painter.hpp>
#include <penstock/cli/run.hpp>

#include <CLI/CLI.hpp>

namespace penstock::cli {
namespace {

constexpr int kOk = 0, kUnread = 1, kUsage = 2;
constexpr const char* kClientId = "kubectl-penstock";
// As in deploy/operator.yaml.
constexpr const char* kService = "penstock-scaler";
constexpr int kPort = 9443;

Result<ClientSettings> settings_of(const LagOptions& options) {
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
  return settings;
}

Result<std::unique_ptr<Source>> open_kafka(const LagOptions& options, const LagRequest& request, Console& console,
                                           const Clock& clock) {
  const auto settings = settings_of(options);
  if (!settings) return std::unexpected(settings.error());
  for (const std::string& warning : settings->warnings) console.err << "warning: " << warning << "\n";
  auto reader = kafka::open_offset_reader(settings->connection, kClientId, clock);
  if (!reader) return std::unexpected(reader.error());
  auto lister = kafka::open_group_lister(settings->connection, kClientId, clock);
  if (!lister) return std::unexpected(lister.error());
  KafkaWish wish{options.groups, options.topics, settings->read_committed, api::OffsetReset::kLatest, request.timeout};
  if (options.offset_reset == "earliest") wish.offset_reset = api::OffsetReset::kEarliest;
  const GroupView view{options.partitions, request.watch.has_value(), request.sort};
  return std::make_unique<KafkaSource>(std::move(*reader), std::move(*lister), std::move(wish), view, clock);
}

Result<std::unique_ptr<Source>> open_feed(const LagOptions& options, const LagRequest& request, const Clock& clock,
                                          const std::stop_token& stop) {
  const Kubectl kubectl{options.kubeconfig, options.context};
  FeedWish wish{options.ns, options.names, request.timeout};
  // Whoever names a scaler may be where no kubectl is.
  if (wish.ns.empty() && !options.all_namespaces && options.scaler.empty()) {
    auto ns = kubectl.current_namespace(request.timeout, stop);
    if (!ns) return std::unexpected(ns.error());
    wish.ns = std::move(*ns);
  }
  FindRoute find = [address = options.scaler](const std::stop_token&) -> Result<Route> { return Route{address, {}}; };
  if (options.scaler.empty())
    find = [kubectl, ns = options.penstock_namespace,
            timeout = request.timeout](const std::stop_token& until) -> Result<Route> {
      auto forward = PortForward::start(kubectl, ns, kService, kPort, timeout, until);
      if (!forward) return std::unexpected(forward.error());
      std::string address = (*forward)->address();
      return Route{std::move(address), std::shared_ptr<PortForward>(std::move(*forward))};
    };
  const DecisionView view{wish.ns.empty(), request.sort};
  return std::make_unique<FeedSource>(std::move(find), std::move(wish), view, clock);
}

int lag(const LagOptions& options, Console& console, const Clock& clock, const std::stop_token& stop) {
  const auto request = check(options);
  if (!request) {
    console.err << "error: " << request.error().what << "\n";
    return kUsage;
  }
  auto source =
      options.from_kafka() ? open_kafka(options, *request, console, clock) : open_feed(options, *request, clock, stop);
  if (!source) {
    console.err << "error: " << source.error().what << "\n";
    return source.error().code == Code::kInvalid ? kUsage : kUnread;
  }
  return follow(**source, *request, !options.no_headers, console, clock, stop);
}

}  // namespace

int follow(Source& source, const LagRequest& request, bool headers, Console& console, const Clock& clock,
           const std::stop_token& stop) {
  Painter painter(console, request.format, headers, request.watch.has_value());
  for (;;) {
    const SteadyTime began = clock.now();
    const auto answer = source.read(stop);
    if (stop.stop_requested()) return kOk;
    if (answer)
      painter.show(*answer, clock.wall());
    else
      painter.show(answer.error(), clock.wall());
    const int status = answer && answer->complete ? kOk : kUnread;
    if (!request.watch) {
      if (answer && answer->table.rows.empty() && request.format == Format::kTable) console.err << "Nothing found.\n";
      return status;
    }
    const Duration passed = clock.now() - began;
    if (!wait_for(stop, passed < *request.watch ? *request.watch - passed : Duration{0})) return status;
  }
}

int run(int argc, const char* const* argv, const std::string& version, Console& console, const Clock& clock,
        const std::stop_token& stop) {
  Options options;
  const auto app = describe(options, version);
  if (argc > 1 && argv[1] == std::string_view(kComplete)) {
    console.out << complete(*app, {argv + 2, argv + argc});
    return kOk;
  }
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app->exit(error, console.out, console.err) == 0 ? kOk : kUsage;
  }
  if (!options.completion_for.empty()) {
    console.out << completion_script(options.completion_for);
    return kOk;
  }
  return lag(options.lag, console, clock, stop);
}

}  // namespace penstock::cli
