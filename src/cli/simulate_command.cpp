#include "simulate_command.hpp"

#include "command.hpp"
#include "sources.hpp"

#include <penstock/cli/client_settings.hpp>
#include <penstock/cli/painter.hpp>
#include <penstock/cli/simulate.hpp>
#include <penstock/simulation/load.hpp>

#include <cmath>
#include <fstream>

namespace penstock::cli {
namespace {

constexpr Duration kLongest = 14 * 24h;  // of a simulation or a recording

Result<Duration> duration_of(const char* option, const std::string& text) {
  if (const auto time = parse_duration(text)) return *time;
  return fail(Code::kInvalid, std::string(option) + " " + text + " is no duration such as 30s, 10m or 2h",
              Retry::never());
}

Result<Duration> length_of(const char* option, const std::string& text) {
  const auto length = duration_of(option, text);
  if (length && *length > kLongest)
    return fail(Code::kInvalid, std::string(option) + " must be at most " + format_duration(kLongest), Retry::never());
  return length;
}

Result<void> write(const std::string& what, const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (file.flush()) return {};
  return fail(Code::kInvalid, "can't write the " + what + " " + path, Retry::never());
}

// All but the load, its length where none is given, and the spec.
Result<simulation::Scenario> model_of(const SimulateOptions& options) {
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
  if (options.length.empty()) return scenario;
  const auto length = length_of("--length", options.length);
  if (!length) return std::unexpected(length.error());
  scenario.length = *length;
  return scenario;
}

Result<std::vector<api::ConsumerScaler>> scalers_of(const SimulateOptions& options) {
  std::vector<api::ConsumerScaler> all;
  for (const std::string& file : options.files) {
    const auto object = object_in(file, api::ConsumerScaler::kKind);
    if (!object) return std::unexpected(object.error());
    auto scaler = api::parse_consumer_scaler(*object);
    if (!scaler) return fail(file, scaler.error());
    all.push_back(std::move(*scaler));
  }
  if (options.keda && !all.front().spec.lag_threshold)
    return fail(Code::kInvalid,
                "--keda needs a lagThreshold in " + options.files.front() + ": KEDA's rule knows no delay",
                Retry::never());
  return all;
}

// The text of a trace, which is kept if there is a place for it.
Result<std::string> recorded(const SimulateOptions& options, const api::ConsumerScaler& scaler, Console& console,
                             const Clock& clock, const std::stop_token& stop) {
  const auto length = length_of("--record", options.record);
  if (!length) return std::unexpected(length.error());
  // Said before an hour is over.
  if (!options.trace.empty() && !std::ofstream(options.trace, std::ios::app))
    return fail(Code::kInvalid, "can't write the trace " + options.trace, Retry::never());
  const auto source = open_load(options, scaler, console, clock, stop);
  if (!source) return std::unexpected(source.error());
  const auto recording = record(**source, *length, console, clock, stop);
  if (!recording) return std::unexpected(recording.error());
  console.err << "Recorded " << std::to_string(std::llround(recording->records())) << " records in "
              << short_delay(recording->length(), false) << ".\n";
  std::string trace = recording->trace();
  if (options.trace.empty()) return trace;
  if (const auto written = write("trace", options.trace, trace); !written) return std::unexpected(written.error());
  return trace;
}

Result<void> set_load(simulation::Scenario& scenario, const SimulateOptions& options, const std::string& recording) {
  if (!recording.empty() || !options.trace.empty()) {
    const auto text = recording.empty() ? read_file(options.trace) : Result<std::string>(recording);
    if (!text) return std::unexpected(text.error());
    auto trace = simulation::parse_trace(*text);
    if (!trace) return fail(options.trace, trace.error());
    scenario.load = std::move(trace->load);
    if (options.length.empty()) scenario.length = trace->length;
  } else if (!options.shape.empty()) {
    auto load = simulation::parse_shape(options.shape);
    if (!load) return std::unexpected(load.error());
    scenario.load = std::move(*load);
  } else {
    return fail(Code::kInvalid, "give a load: --shape, such as step:100:800, --trace FILE or --record, such as 1h",
                Retry::never());
  }
  return {};
}

std::vector<Simulated> simulated(simulation::Scenario scenario, const SimulateOptions& options,
                                 const std::vector<api::ConsumerScaler>& scalers) {
  std::vector<Simulated> all;
  const auto run = [&](const std::string& name, const api::ConsumerScaler& scaler, simulation::Rule rule) {
    scenario.spec = scaler.spec;
    scenario.spec.topics.resize(1, "topic");  // a model has one topic
    all.push_back({name, simulation::run(scenario, rule)});
  };
  for (std::size_t i = 0; i < scalers.size(); ++i) run(options.files[i], scalers[i], simulation::Rule::kPenstock);
  if (options.keda) run("KEDA's rule", scalers.front(), simulation::Rule::kKeda);
  return all;
}

}  // namespace

int simulate(const SimulateOptions& options, Console& console, const Clock& clock, const std::stop_token& stop) {
  if (const auto fits = check(options); !fits) return complain(console, fits.error());
  auto scenario = model_of(options);
  if (!scenario) return complain(console, scenario.error());
  const auto scalers = scalers_of(options);
  if (!scalers) return complain(console, scalers.error());
  std::string recording;
  if (!options.record.empty()) {
    auto text = recorded(options, scalers->front(), console, clock, stop);
    if (!text) {
      complain(console, text.error());
      return text.error().code == Code::kInvalid ? kUsage : kUnread;
    }
    recording = std::move(*text);
  }
  if (const auto set = set_load(*scenario, options, recording); !set) return complain(console, set.error());
  const auto all = simulated(std::move(*scenario), options, *scalers);
  if (!options.picture.empty())
    if (const auto drawn = write("picture", options.picture, picture(all)); !drawn)
      return complain(console, drawn.error());
  Painter(console, format_of(options.format), true, false).show(answer_of(all), clock.wall());
  return kOk;
}

}  // namespace penstock::cli
