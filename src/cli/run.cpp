#include "command.hpp"
#include "simulate_command.hpp"
#include "sources.hpp"

#include <penstock/base/stop.hpp>
#include <penstock/cli/completion.hpp>
#include <penstock/cli/convert.hpp>
#include <penstock/cli/decision_report.hpp>
#include <penstock/cli/painter.hpp>
#include <penstock/cli/run.hpp>
#include <penstock/cli/structured.hpp>

#include <CLI/CLI.hpp>

namespace penstock::cli {
namespace {

// Rows must say which namespace they are of.
bool of_many_namespaces(const FeedOptions& options) {
  return options.ns.empty() && (options.all_namespaces || !options.scaler.empty());
}

int show(const Result<std::unique_ptr<Source>>& source, const LagRequest& request, bool headers, Console& console,
         const Clock& clock, const std::stop_token& stop) {
  if (source) return follow(**source, request, headers, console, clock, stop);
  complain(console, source.error());
  return source.error().code == Code::kInvalid ? kUsage : kUnread;
}

int lag(const LagOptions& options, Console& console, const Clock& clock, const std::stop_token& stop) {
  const auto request = check(options);
  if (!request) return complain(console, request.error());
  const DecisionView view{of_many_namespaces(options.feed), request->sort};
  const auto source = options.kafka.given()
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
  if (app->got_subcommand("simulate")) return simulate(options.simulate, console, clock, stop);
  if (app->got_subcommand("convert")) return convert_file(options.convert, console);
  return lag(options.lag, console, clock, stop);
}

}  // namespace penstock::cli
