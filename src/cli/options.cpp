#include "invalid.hpp"

#include <penstock/cli/options.hpp>

#include <charconv>

#include <CLI/CLI.hpp>

namespace penstock::cli {
namespace {

constexpr const char* kLagHelp = R"(Show how far consumers are behind.

From Penstock: one line for each ConsumerScaler, as penstock-scaler sees it and what
it decides. Straight from Kafka (--command-config, --bootstrap-server): one line for
each consumer group and topic; no Kubernetes and no Penstock is needed.

What could not be read is "unknown", never a number, and the exit status is then 1.)";

constexpr const char* kLagExamples = R"(Examples:
  kubectl penstock lag                        # in the namespace of the current context
  kubectl penstock lag -A -w                  # everywhere, live
  kubectl penstock lag orders -n shop -o yaml
  kubectl penstock lag --command-config client.properties --bootstrap-server kafka:9093
  kubectl penstock lag --bootstrap-server localhost:9092 --group billing --partitions)";

constexpr Duration kEvery = 2s;  // as the help says

constexpr const char *kFromPenstock = "From Penstock", *kFromKafka = "Straight from Kafka";

void describe_feed(CLI::App& app, FeedOptions& options) {
  app.add_option("-n,--namespace", options.ns, "their namespace; default: the context's")->group(kFromPenstock);
  app.add_option("--scaler", options.scaler, "HOST:PORT of penstock-scaler; default: kubectl port-forward finds it")
      ->group(kFromPenstock);
  app.add_option("--penstock-namespace", options.penstock_namespace, "where Service penstock-scaler is")
      ->capture_default_str()
      ->group(kFromPenstock);
  app.add_option("--kubeconfig", options.kubeconfig, "passed on to kubectl")
      ->check(CLI::ExistingFile)
      ->group(kFromPenstock);
  app.add_option("--context", options.context, "passed on to kubectl")->group(kFromPenstock);
}

void describe_kafka(CLI::App& app, KafkaOptions& options) {
  app.add_option("--command-config", options.command_config,
                 "a client's .properties file: bootstrap.servers, security.protocol, sasl.*, ssl.*")
      ->check(CLI::ExistingFile)
      ->group(kFromKafka);
  app.add_option("--bootstrap-server", options.bootstrap_servers,
                 "HOST:PORT,…; instead of the file's bootstrap.servers")
      ->group(kFromKafka);
}

void describe_format(CLI::App& app, std::string& format) {
  app.add_option("-o,--output", format, "how it is printed")
      ->check(CLI::IsMember(kFormats))
      ->capture_default_str()
      ->group("Output");
}

void describe_timeout(CLI::App& app, std::string& timeout) {
  app.add_option("--timeout", timeout, "how long an answer may take")->capture_default_str()->group("Output");
}

void describe_lag(CLI::App& app, LagOptions& options) {
  app.footer(kLagExamples);
  describe_feed(app, options.feed);
  app.add_option("NAME", options.feed.names, "ConsumerScalers; all when none is named");
  app.add_flag("-A,--all-namespaces", options.feed.all_namespaces, "in all namespaces")->group(kFromPenstock);

  describe_kafka(app, options.kafka);
  app.add_option("--group", options.groups, "only this group; may be repeated")
      ->allow_extra_args(false)
      ->group(kFromKafka);
  app.add_option("--topic", options.topics, "only this topic; may be repeated")
      ->allow_extra_args(false)
      ->group(kFromKafka);
  app.add_flag("--partitions", options.partitions, "a line for each partition")->group(kFromKafka);
  app.add_option("--offset-reset", options.offset_reset,
                 "how a partition without a commit counts: latest as 0, earliest with all of its records")
      ->check(CLI::IsMember(kResets))
      ->capture_default_str()
      ->group(kFromKafka);

  const char* output = "Output";
  app.add_flag("-w,--watch", options.watch, "go on, every 2 seconds; or --watch=SECONDS")->group(output);
  describe_format(app, options.format);
  app.add_option("--sort", options.sort, "by what; what is unknown comes first")
      ->check(CLI::IsMember(kSorts))
      ->capture_default_str()
      ->group(output);
  app.add_flag("--no-headers", options.no_headers, "a table without its first line")->group(output);
  describe_timeout(app, options.timeout);
}

constexpr const char* kExplainHelp = R"(Say why a ConsumerScaler has its number of replicas.

What penstock-scaler read last, what is odd about it, each step of the decision in
its own words, and what the HorizontalPodAutoscaler is told.)";

constexpr const char* kExplainExamples = R"(Examples:
  kubectl penstock explain orders -n shop
  kubectl penstock explain orders -n shop -o json | jq '.consumerScalers[0].reasons')";

constexpr const char* kCompareHelp = R"(Say what Penstock would have done differently.

Of a ConsumerScaler in mode Observe, beside the autoscaler that scales its workload:
replicas and changes of both, for how long the threshold was missed, and the largest
differences, each with the decision in its own words. Counted by penstock-scaler since
its start, or since the ConsumerScaler has this spec.)";

constexpr const char* kCompareExamples = R"(Examples:
  kubectl penstock compare orders -n shop
  kubectl penstock compare orders -n shop -o json | jq '.comparison.differences[0]')";

void describe_question(CLI::App& app, AskOptions& options) {
  describe_feed(app, options.feed);
  describe_format(app, options.format);
  describe_timeout(app, options.timeout);
}

void describe_explain(CLI::App& app, AskOptions& options) {
  app.footer(kExplainExamples);
  app.add_option("NAME", options.feed.names, "ConsumerScalers")->required();
  describe_question(app, options);
}

void describe_compare(CLI::App& app, AskOptions& options) {
  app.footer(kCompareExamples);
  app.add_option("NAME", options.feed.names, "a ConsumerScaler")->required()->expected(1);
  describe_question(app, options);
}

constexpr const char* kSimulateHelp = R"(Try thresholds before they are applied.

Runs the very code that decides, in simulated time, on a model of consumers and of the
HorizontalPodAutoscaler's algorithm, and says what would have come of it. Nothing is
changed. Several files are compared.

With --record the load is what arrives from now on for the first file's consumer group:
straight from Kafka by the ends of its topics, which is exact; or from Penstock by the
arrival rate of the ConsumerScaler of that name, which is smoothed over its `window`.
Ctrl-C ends the recording early. Without --record nothing is read from a cluster.)";

constexpr const char* kSimulateExamples = R"(Examples:
  kubectl penstock simulate -f scaler.yaml --capacity 250 --shape step:200:1500
  kubectl penstock simulate -f now.yaml -f then.yaml --keda --capacity 250 \
      --trace monday.csv --picture monday.svg
  kubectl penstock simulate -f scaler.yaml --capacity 250 --record 1h --trace now.csv \
      --command-config client.properties
Shapes: constant:RATE, step:FROM:TO[:AT], spike:BASE:PEAK[:AT:LENGTH],
ramp:FROM:TO[:OVER], sine:LOW:HIGH[:PERIOD]; a trace has lines `seconds,records_per_second`.)";

void describe_simulate(CLI::App& app, SimulateOptions& options) {
  app.footer(kSimulateExamples);
  app.add_option("-f,--filename", options.files, "a ConsumerScaler; may be repeated")
      ->required()
      ->check(CLI::ExistingFile)
      ->allow_extra_args(false);
  app.add_flag("--keda", options.keda, "the first file's thresholds by KEDA's rule, too");
  const char* load = "Load";
  auto* shape = app.add_option("--shape", options.shape, "records a second over time, see below")->group(load);
  app.add_option("--trace", options.trace, "records a second over time, a CSV file; with --record it is written")
      ->type_name("TEXT:FILE")
      ->excludes(shape)
      ->group(load);
  app.add_option("--record", options.record, "for how long, such as 1h: the load that arrives now, see above")
      ->excludes(shape)
      ->group(load);
  app.add_option("--length", options.length, "how long; default: the trace's length, or 2h")->group(load);
  describe_feed(app, options.feed);
  describe_kafka(app, options.kafka);
  const char* model = "Consumers";
  app.add_option("--capacity", options.capacity, "records a second that one consumer gets done")
      ->required()
      ->check(CLI::PositiveNumber)
      ->group(model);
  app.add_option("--partitions", options.partitions)->check(CLI::Range(1, 10'000))->capture_default_str()->group(model);
  app.add_option("--replicas", options.replicas, "at the start")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str()
      ->group(model);
  app.add_option("--startup", options.startup, "from a new replica to its first record")
      ->capture_default_str()
      ->group(model);
  app.add_option("--rebalance", options.rebalance, "how long nobody consumes then")
      ->capture_default_str()
      ->group(model);
  app.add_option("--slo", options.slo, "the oldest record should be younger")->capture_default_str()->group(model);
  const char* output = "Output";
  describe_format(app, options.format);
  app.add_option("--picture", options.picture, "an SVG file to draw load, lag, delay and replicas into")->group(output);
}

// "2", "0.5" (seconds) or "500ms".
std::optional<Duration> interval(const std::string& text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size() && seconds >= 0 && seconds < 1e6)
    return Duration{static_cast<std::int64_t>(seconds * 1000)};
  return parse_duration(text);
}

Result<Duration> timeout_of(const std::string& text) {
  const auto timeout = interval(text);
  if (!timeout || *timeout < 100ms) return invalid("--timeout=" + text + " is no time of 100ms or more");
  return *timeout;
}

Result<void> check_sources(const LagOptions& options) {
  if (!options.kafka.given()) {
    const std::string only = " is for reading straight from Kafka: give --bootstrap-server or --command-config as well";
    if (options.partitions) return invalid("--partitions" + only + " (the scaler tells no partitions)");
    if (!options.groups.empty()) return invalid("--group" + only);
    if (!options.topics.empty()) return invalid("--topic" + only);
    if (options.offset_reset != "latest") return invalid("--offset-reset" + only);
    if (options.feed.all_namespaces && !options.feed.ns.empty()) return invalid("-n and -A contradict each other");
    if (options.feed.all_namespaces && !options.feed.names.empty())
      return invalid("a NAME is of one namespace: give -n instead of -A");
    return {};
  }
  const std::string only = " is for asking Penstock, not for reading straight from Kafka";
  if (!options.feed.names.empty())
    return invalid("NAME (" + options.feed.names.front() + ")" + only + ": a consumer group is named with --group");
  if (!options.feed.scaler.empty()) return invalid("--scaler" + only);
  if (!options.feed.ns.empty()) return invalid("--namespace" + only);
  if (options.feed.all_namespaces) return invalid("--all-namespaces" + only);
  return {};
}

}  // namespace

std::unique_ptr<CLI::App> describe(Options& options, const std::string& version) {
  auto app = std::make_unique<CLI::App>("Penstock at a person's fingertips.", "kubectl-penstock");
  app->set_version_flag("--version", "kubectl-penstock " + version);
  app->require_subcommand(1);
  app->get_formatter()->column_width(38);
  auto* lag = app->add_subcommand("lag", kLagHelp);
  describe_lag(*lag, options.lag);
  describe_explain(*app->add_subcommand("explain", kExplainHelp), options.explain);
  describe_compare(*app->add_subcommand("compare", kCompareHelp), options.compare);
  describe_simulate(*app->add_subcommand("simulate", kSimulateHelp), options.simulate);
  auto* convert = app->add_subcommand("convert", "Make a ConsumerScaler of a KEDA ScaledObject with kafka triggers.");
  convert->add_option("-f,--filename", options.convert.file, "the ScaledObject")->required()->check(CLI::ExistingFile);
  convert->add_option("--platform", options.convert.platform, "the EventPlatform's name")->capture_default_str();
  convert->footer(
      "Notes and refusals go to standard error; what has no counterpart is refused and exits with 2.\n"
      "Example:\n  kubectl get scaledobject orders -o yaml > orders.yaml\n"
      "  kubectl penstock convert -f orders.yaml --platform main | kubectl apply --dry-run=server -f -");
  auto* completion = app->add_subcommand("completion", "Print a script that completes command lines.");
  completion
      ->add_option("SHELL", options.completion_for,
                   "bash, zsh, fish; or kubectl, for an executable kubectl_complete-penstock on the PATH")
      ->required()
      ->check(CLI::IsMember(kShells));
  completion->footer(R"(Examples:
  source <(kubectl-penstock completion bash)
  kubectl-penstock completion fish > ~/.config/fish/completions/kubectl-penstock.fish
  kubectl-penstock completion kubectl > ~/bin/kubectl_complete-penstock && chmod +x ~/bin/kubectl_complete-penstock)");
  return app;
}

Format format_of(const std::string& name) {
  return name == "json" ? Format::kJson : name == "yaml" ? Format::kYaml : Format::kTable;
}

Result<LagRequest> check(const AskOptions& options) {
  const auto timeout = timeout_of(options.timeout);
  if (!timeout) return std::unexpected(timeout.error());
  return LagRequest{.watch = {}, .timeout = *timeout, .format = format_of(options.format)};
}

Result<void> check(const SimulateOptions& options) {
  const bool from_penstock = !options.feed.ns.empty() || !options.feed.scaler.empty();
  if (options.record.empty() && (options.kafka.given() || from_penstock))
    return invalid("a load is read from a cluster only with --record");
  if (options.kafka.given() && from_penstock)
    return invalid("--scaler and --namespace are for asking Penstock, not for reading straight from Kafka");
  return {};
}

Result<LagRequest> check(const LagOptions& options) {
  if (auto fits = check_sources(options); !fits) return std::unexpected(fits.error());
  LagRequest request;
  if (!options.watch.empty()) {
    request.watch = options.watch == "true" ? kEvery : interval(options.watch);
    if (!request.watch || *request.watch < 100ms)
      return invalid("--watch=" + options.watch + " is no time of 0.1 seconds or more");
  }
  const auto timeout = timeout_of(options.timeout);
  if (!timeout) return std::unexpected(timeout.error());
  request.timeout = *timeout;
  request.format = format_of(options.format);
  request.sort = options.sort == "lag" ? Sort::kLag : options.sort == "delay" ? Sort::kDelay : Sort::kName;
  return request;
}

}  // namespace penstock::cli
