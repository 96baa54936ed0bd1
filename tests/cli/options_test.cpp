#include <penstock/cli/completion.hpp>
#include <penstock/cli/options.hpp>
#include <penstock/cli/run.hpp>

#include <sstream>

#include <CLI/CLI.hpp>
#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;

namespace {

LagOptions parse(std::vector<std::string> words) {
  Options options;
  const auto app = describe(options, "1");
  words.insert(words.begin(), "lag");
  std::ranges::reverse(words);  // as CLI11 wants them
  app->parse(words);
  return options.lag;
}

std::string refusal(const std::vector<std::string>& words) {
  const auto request = check(parse(words));
  return request ? "accepted" : request.error().what;
}

struct Ran {
  int status;
  std::string out, err;
};
Ran run_tool(std::vector<const char*> words) {
  std::ostringstream out, err;
  Console console{out, err};
  const ManualClock clock;
  words.insert(words.begin(), "kubectl-penstock");
  const int status = run(static_cast<int>(words.size()), words.data(), "1.2.3", console, clock, {});
  return {status, out.str(), err.str()};
}

std::string completed(const std::vector<std::string>& words) {
  Options options;
  return complete(*describe(options, "1"), words);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("names stand by themselves, also after a flag that could take a value") {
  const LagOptions options = parse({"-w", "orders", "-n", "shop", "refunds"});
  CHECK(options.feed.names == std::vector<std::string>{"orders", "refunds"});
  CHECK(options.feed.ns == "shop");
  CHECK(check(options)->watch == 2s);
  CHECK(check(parse({"--watch=0.5"}))->watch == 500ms);
  CHECK(check(parse({"--watch=1m"}))->watch == 1min);
  CHECK_FALSE(check(parse({}))->watch);
}

TEST_CASE("groups and topics are named one by one") {
  const LagOptions options =
      parse({"--bootstrap-server", "a:1,b:2", "--group", "x", "--group=y,z", "--topic", "t", "--partitions"});
  CHECK(options.kafka.bootstrap_servers == "a:1,b:2");
  CHECK(options.groups == std::vector<std::string>{"x", "y,z"});
  CHECK(options.topics == std::vector<std::string>{"t"});
  CHECK(check(options));
}

TEST_CASE("what is for one of the two sources is refused for the other, with what to do") {
  CHECK(contains(refusal({"--partitions"}), "give --bootstrap-server or --command-config as well"));
  CHECK(contains(refusal({"--group", "g"}), "straight from Kafka"));
  CHECK(contains(refusal({"--topic", "t"}), "straight from Kafka"));
  CHECK(contains(refusal({"--offset-reset", "earliest"}), "straight from Kafka"));
  CHECK(contains(refusal({"--bootstrap-server", "a:1", "orders"}), "a consumer group is named with --group"));
  CHECK(contains(refusal({"--bootstrap-server", "a:1", "-A"}), "for asking Penstock"));
  CHECK(contains(refusal({"--bootstrap-server", "a:1", "-n", "x"}), "for asking Penstock"));
  CHECK(contains(refusal({"--bootstrap-server", "a:1", "--scaler", "b:2"}), "for asking Penstock"));
  CHECK(contains(refusal({"-A", "-n", "x"}), "contradict"));
  CHECK(contains(refusal({"-A", "orders"}), "give -n instead of -A"));
}

TEST_CASE("times that are none are refused") {
  CHECK(contains(refusal({"--watch=soon"}), "--watch=soon"));
  CHECK(contains(refusal({"--watch=0"}), "--watch=0"));
  CHECK(contains(refusal({"--timeout", "never"}), "--timeout=never"));
  CHECK(check(parse({"--timeout", "3"}))->timeout == 3s);
}

TEST_CASE("a wrong command line ends with 2 and says what is wrong, help and version with 0") {
  CHECK(run_tool({"lag", "-o", "xml"}).status == 2);
  CHECK(contains(run_tool({"lag", "-o", "xml"}).err, "xml not in {table,json,yaml}"));
  CHECK(run_tool({}).status == 2);
  CHECK(run_tool({"lag", "--partitions"}).status == 2);
  CHECK(contains(run_tool({"lag", "--partitions"}).err, "error: --partitions is for reading straight from Kafka"));
  CHECK(run_tool({"--version"}).out == "kubectl-penstock 1.2.3\n");
  const Ran help = run_tool({"lag", "--help"});
  CHECK(help.status == 0);
  CHECK(contains(help.out, "kubectl penstock lag -A -w"));
  CHECK(run_tool({"lag", "--command-config", "/nowhere/client.properties"}).status == 2);
  CHECK(run_tool({"compare"}).status == 2);
  CHECK(run_tool({"compare", "orders", "refunds"}).status == 2);
  CHECK(contains(run_tool({"compare", "orders", "--scaler", "a:1"}).err, "give -n"));
}

TEST_CASE("commands, options and their values are completed from the description") {
  CHECK(completed({""}) ==
        "lag\tShow how far consumers are behind.\nexplain\tSay why a ConsumerScaler has its number of "
        "replicas.\ncompare\tSay what Penstock would have done differently.\nsimulate\tTry thresholds before they are "
        "applied.\n"
        "convert\tMake a ConsumerScaler of a KEDA ScaledObject with kafka triggers.\ncompletion\tPrint a script that "
        "completes command "
        "lines.\n:4\n");
  CHECK(completed({"compl"}) == "completion\tPrint a script that completes command lines.\n:4\n");
  CHECK(completed({"lag", "--part"}) == "--partitions\ta line for each partition\n:4\n");
  CHECK(completed({"lag", "-o", ""}) == "table\njson\nyaml\n:4\n");
  CHECK(completed({"lag", "--output=j"}) == "--output=json\n:4\n");
  CHECK(completed({"lag", "--output", "=", "j"}) == "json\n:4\n");  // as bash takes it apart
  CHECK(completed({"lag", "--sort", "json", "--sort", "d"}) == "delay\n:4\n");
  CHECK(completed({"lag", "-w", "--command-config", "cl"}) == ":0\n");
  CHECK(completed({"lag", "-n", "x"}) == ":4\n");
  CHECK(completed({"compare", "orders", "--output=y"}) == "--output=yaml\n:4\n");
  CHECK(completed({"completion", "z"}) == "zsh\n:4\n");
  CHECK(completed({"lag", "-w", "--no-h"}) == "--no-headers\ta table without its first line\n:4\n");
  CHECK(run_tool({"__complete", "lag", "-o", "y"}).out == "yaml\n:4\n");
}

TEST_CASE("each shell has a script that asks the tool itself") {
  for (const std::string& shell : kShells) {
    const Ran ran = run_tool({"completion", shell.c_str()});
    CHECK(ran.status == 0);
    CHECK(contains(ran.out, "kubectl-penstock __complete"));
  }
  CHECK(run_tool({"completion", "tcsh"}).status == 2);
}
