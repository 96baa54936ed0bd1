// What a person asks for, as values, and the description of the command line that they are read from.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/cli/answer.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace penstock::cli {

enum class Format { kTable, kJson, kYaml };

// Which ConsumerScalers, and how to reach penstock-scaler.
struct FeedOptions {
  std::vector<std::string> names;  // empty: all
  std::string ns;                  // empty: that of kubectl's context
  bool all_namespaces = false;
  std::string scaler;  // host:port; empty: by kubectl port-forward
  std::string penstock_namespace = "penstock";
  std::string kubeconfig, context;
};

// How to reach Kafka itself.
struct KafkaOptions {
  std::string command_config, bootstrap_servers;
  bool given() const { return !command_config.empty() || !bootstrap_servers.empty(); }
};

struct LagOptions {
  FeedOptions feed;
  // Straight from Kafka.
  KafkaOptions kafka;
  std::vector<std::string> groups, topics;
  bool partitions = false;
  std::string offset_reset = "latest";
  // How it is shown.
  std::string watch;  // seconds or a duration; empty: once
  std::string format = "table", sort = "lag", timeout = "10s";
  bool no_headers = false;
};

// One question about what penstock-scaler knows.
struct AskOptions {
  FeedOptions feed;
  std::string format = "table", timeout = "10s";
};

struct SimulateOptions {
  std::vector<std::string> files;  // ConsumerScalers
  std::string shape, trace;        // one of the two, or
  std::string record;              // for how long, from one of these, into the trace if there is one
  FeedOptions feed;
  KafkaOptions kafka;
  bool keda = false;  // KEDA's rule beside them
  int partitions = 12, replicas = 1;
  double capacity = 0;  // records a second of one consumer
  std::string startup = "15s", rebalance = "3s", length, slo = "60s", format = "table", picture;
};

struct ConvertOptions {
  std::string file, platform = "main";
};

struct Options {
  LagOptions lag;
  AskOptions explain, compare;
  SimulateOptions simulate;
  ConvertOptions convert;
  std::string completion_for;  // a shell
};

// Kept in one place: what completion offers is what is accepted.
inline const std::vector<std::string> kFormats{"table", "json", "yaml"}, kSorts{"lag", "delay", "name"},
    kResets{"latest", "earliest"}, kShells{"bash", "zsh", "fish", "kubectl"};

// The options outlive the description.
std::unique_ptr<CLI::App> describe(Options& options, const std::string& version);

Format format_of(const std::string& name);  // one of kFormats

// What is asked of a source, in our own terms. kInvalid for options that don't go together, in words.
struct LagRequest {
  std::optional<Duration> watch;
  Duration timeout{};
  Format format = Format::kTable;
  Sort sort = Sort::kLag;
};
Result<LagRequest> check(const LagOptions& options);
Result<LagRequest> check(const AskOptions& options);
Result<void> check(const SimulateOptions& options);

}  // namespace penstock::cli
