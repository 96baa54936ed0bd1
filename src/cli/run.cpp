#include <penstock/base/stop.hpp>
#include <penstock/cli/client_settings.hpp>
#include <penstock/cli/comparison_source.hpp>
#include <penstock/cli/completion.hpp>
#include <penstock/cli/convert.hpp>
#include <penstock/cli/decision_report.hpp>
#include <penstock/cli/feed_source.hpp>
#include <penstock/cli/kafka_source.hpp>
#include <penstock/cli/kubectl.hpp>
#include <penstock/cli/manifest.hpp>
#include <penstock/cli/painter.hpp>
#include <penstock/cli/run.hpp>
#include <penstock/cli/simulate.hpp>
#include <penstock/cli/structured.hpp>
#include <penstock/simulation/load.hpp>

#include <fstream>

#include <CLI/CLI.hpp>

namespace penstock::cli {
namespace {

constexpr int kOk = 0, kUnread = 1, kUsage = 2;
constexpr const char* kClientId = "kubectl-penstock";
// As in deploy/operator.yaml.
constexpr const char* kService = "penstock-scaler";
constexpr int kPort = 9443;
constexpr Duration kLongestSimulation = 14 * 24h;

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

FindRoute route_of(const FeedOptions& options, Duration timeout) {
  if (!options.scaler.empty())
    return [address = options.scaler](const std::stop_token&) -> Result<Route> { return Route{address, {}}; };
  const Kubectl kubectl{options.kubeconfig, options.context};
  return [kubectl, ns = options.penstock_namespace, timeout](const std::stop_token& until) -> Result<Route> {
    auto forward = PortForward::start(kubectl, ns, kService, kPort, timeout, until);
    if (!forward) return std::unexpected(forward.error());
    std::string address = (*forward)->address();
    return Route{std::move(address), std::shared_ptr<PortForward>(std::move(*forward))};
  };
}

// Empty: all. Whoever names a scaler may be where no kubectl is.
Result<std::string> namespace_of(const FeedOptions& options, Duration timeout, const std::stop_token& stop) {
  if (!options.ns.empty() || options.all_namespaces || !options.scaler.empty()) return options.ns;
  return Kubectl{options.kubeconfig, options.context}.current_namespace(timeout, stop);
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

// Rows must say which namespace they are of.
bool of_many_namespaces(const FeedOptions& options) {
  return options.ns.empty() && (options.all_namespaces || !options.scaler.empty());
}

int show(const Result<std::unique_ptr<Source>>& source, const LagRequest& request, bool headers, Console& console,
         const Clock& clock, const std::stop_token& stop) {
  if (source) return follow(**source, request, headers, console, clock, stop);
  console.err << "error: " << source.error().what << "\n";
  return source.error().code == Code::kInvalid ? kUsage : kUnread;
}

int complain(Console& console, const Error& error) {
  console.err << "error: " << error.what << "\n";
  return kUsage;
}

int lag(const LagOptions& options, Console& console, const Clock& clock, const std::stop_token& stop) {
  const auto request = check(options);
  if (!request) return complain(console, request.error());
  const DecisionView view{of_many_namespaces(options.feed), request->sort};
  const auto source = options.from_kafka()
                          ? open_kafka(options, *request, console, clock)
                          : open_feed(
                                options.feed, request->timeout,
                                [view](const auto& decisions) { return answer_of(decisions, view); }, clock, stop);
  return show(source, *request, !options.no_headers, console, clock, stop);
}

int explain(const AskOptions& options, Console& console, const Clock& clock, const std::stop_token& stop) {
  const auto request = check(options);
  if (!request) return complain(console, request.error());
  return show(open_feed(options.feed, request->timeout, explanation_of, clock, stop), *request, false, console, clock,
              stop);
}

int compare(const AskOptions& options, Console& console, const Clock& clock, const std::stop_token& stop) {
  const auto request = check(options);
  if (!request) return complain(console, request.error());
  return show(open_comparison(options.feed, request->timeout, stop), *request, true, console, clock, stop);
}

Result<Duration> duration_of(const char* option, const std::string& text) {
  if (const auto time = parse_duration(text)) return *time;
  return fail(Code::kInvalid, std::string(option) + " " + text + " is no duration such as 30s, 10m or 2h",
              Retry::never());
}

Result<Json> object_in(const std::string& file, std::string_view kind) {
  const auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  const auto objects = parse_manifest(*text);
  if (!objects) return fail(file, objects.error());
  for (const Json& object : *objects)
    if (object.is_object() && object.contains("kind") && object["kind"] == kind) return object;
  return fail(Code::kInvalid, file + " has no " + std::string(kind), Retry::never());
}

Result<simulation::Scenario> scenario_of(const SimulateOptions& options) {
  simulation::Scenario scenario;
  scenario.world.partitions = options.partitions;
  scenario.world.consumer_capacity = options.capacity;
  scenario.replicas = options.replicas;
  for (const auto& [name, text, time] : {std::tuple{"--startup", &options.startup, &scenario.world.startup},
                                         std::tuple{"--rebalance", &options.rebalance, &scenario.world.rebalance},
                                         std::tuple{"--slo", &options.slo, &scenario.slo}}) {
    const auto parsed = duration_of(name, *text);
    if (!parsed) return std::unexpected(parsed.error());
    *time = *parsed;
  }
  if (!options.trace.empty()) {
    const auto text = read_file(options.trace);
    if (!text) return std::unexpected(text.error());
    auto trace = simulation::parse_trace(*text);
    if (!trace) return fail(options.trace, trace.error());
    scenario.load = std::move(trace->load);
    scenario.length = trace->length;
  } else if (!options.shape.empty()) {
    auto load = simulation::parse_shape(options.shape);
    if (!load) return std::unexpected(load.error());
    scenario.load = std::move(*load);
  } else {
    return fail(Code::kInvalid, "give a load: --shape, such as step:100:800, or --trace FILE", Retry::never());
  }
  if (options.length.empty()) return scenario;
  const auto length = duration_of("--length", options.length);
  if (!length) return std::unexpected(length.error());
  if (*length > kLongestSimulation)
    return fail(Code::kInvalid, "--length must be at most " + format_duration(kLongestSimulation), Retry::never());
  scenario.length = *length;
  return scenario;
}

Result<std::vector<Simulated>> simulated(const SimulateOptions& options) {
  auto scenario = scenario_of(options);
  if (!scenario) return std::unexpected(scenario.error());
  std::vector<Simulated> all;
  std::optional<api::ConsumerScalerSpec> first;
  for (const std::string& file : options.files) {
    const auto object = object_in(file, api::ConsumerScaler::kKind);
    if (!object) return std::unexpected(object.error());
    auto scaler = api::parse_consumer_scaler(*object);
    if (!scaler) return fail(file, scaler.error());
    scenario->spec = scaler->spec;
    // A model has one topic.
    scenario->spec.topics.resize(1, "topic");
    if (!first) first = scenario->spec;
    all.push_back({file, simulation::run(*scenario, simulation::Rule::kPenstock)});
  }
  if (!options.keda) return all;
  scenario->spec = *first;
  if (!first->lag_threshold)
    return fail(Code::kInvalid,
                "--keda needs a lagThreshold in " + options.files.front() + ": KEDA's rule knows no delay",
                Retry::never());
  all.push_back({"KEDA's rule", simulation::run(*scenario, simulation::Rule::kKeda)});
  return all;
}

int simulate(const SimulateOptions& options, Console& console, const Clock& clock) {
  const auto all = simulated(options);
  if (!all) return complain(console, all.error());
  if (!options.picture.empty()) {
    std::ofstream file(options.picture);
    file << picture(*all);
    if (!file.flush())
      return complain(console, {Code::kInvalid, "can't write the picture " + options.picture, Retry::never()});
  }
  Painter(console, format_of(options.format), true, false).show(answer_of(*all), clock.wall());
  return kOk;
}

int convert_file(const ConvertOptions& options, Console& console) {
  const auto object = object_in(options.file, "ScaledObject");
  if (!object) return complain(console, object.error());
  const Converted converted = convert(*object, options.platform);
  for (const std::string& note : converted.notes) console.err << "note: " << note << "\n";
  for (const std::string& refusal : converted.refusals) console.err << "error: " << refusal << "\n";
  if (!converted.refusals.empty()) return kUsage;
  console.out << yaml_text(converted.scaler);
  return kOk;
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
  if (app->got_subcommand("explain")) return explain(options.explain, console, clock, stop);
  if (app->got_subcommand("compare")) return compare(options.compare, console, clock, stop);
  if (app->got_subcommand("simulate")) return simulate(options.simulate, console, clock);
  if (app->got_subcommand("convert")) return convert_file(options.convert, console);
  return lag(options.lag, console, clock, stop);
}

}  // namespace penstock::cli
