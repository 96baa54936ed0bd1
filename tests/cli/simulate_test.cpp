#include <penstock/base/json.hpp>
#include <penstock/cli/run.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;
using penstock::Json;

namespace {

struct Said {
  int status;
  std::string out, err;
};

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/penstock-simulate-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }
  std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string scaler(const std::string& thresholds) {
  return "apiVersion: penstock.dev/v1alpha1\nkind: ConsumerScaler\nmetadata: {name: orders}\nspec:\n"
         "  platformRef: {name: main}\n  scaleTargetRef: {name: orders}\n  consumerGroup: orders\n" +
         thresholds;
}

Said say(std::vector<const char*> words) {
  words.insert(words.begin(), "kubectl-penstock");
  std::ostringstream out, err;
  Console console{out, err};
  const ManualClock clock;
  const int status = run(static_cast<int>(words.size()), words.data(), "test", console, clock, {});
  return {status, out.str(), err.str()};
}

}  // namespace

TEST_CASE("two files and KEDA's rule are compared on one load, and drawn") {
  const Folder folder;
  const std::string one = folder.file("one.yaml", scaler("  lagThreshold: 1000\n"));
  const std::string two = folder.file("two.yaml", scaler("  delayThreshold: 20s\n"));
  const std::string svg = folder.path("out.svg");
  const Said said = say({"simulate", "-f", one.c_str(), "-f", two.c_str(), "--keda", "--capacity", "100", "--shape",
                         "step:150:850", "--picture", svg.c_str(), "-o", "json"});
  CHECK(said.err == "");
  REQUIRE(said.status == 0);
  const Json items = Json::parse(said.out)["items"];
  REQUIRE(items.size() == 3);
  CHECK(items[0]["rule"] == one);
  CHECK(items[1]["sloMissedMinutes"] == 0);
  CHECK(items[1]["changes"].get<int>() < items[2]["changes"].get<int>());
  CHECK(items[2]["rule"] == "KEDA's rule");
  CHECK(items[2]["sloMissedMinutes"].get<double>() > 60);
  std::stringstream drawn;
  drawn << std::ifstream(svg).rdbuf();
  CHECK(drawn.str().starts_with("<svg"));
  CHECK(drawn.str().find("replicas") != std::string::npos);
}

TEST_CASE("a trace gives the load and its length") {
  const Folder folder;
  const std::string file = folder.file("one.yaml", scaler("  lagThreshold: 1000\n"));
  const std::string trace = folder.file("trace.csv", "seconds,rate\n0,150\n3599,150\n");
  const Said said = say({"simulate", "-f", file.c_str(), "--capacity", "100", "--trace", trace.c_str(), "-o", "json"});
  REQUIRE(said.status == 0);
  const double ideal = Json::parse(said.out)["items"][0]["idealReplicaHours"];
  CHECK(ideal == doctest::Approx(2));
}

TEST_CASE("what can't be simulated is said in words") {
  const Folder folder;
  const std::string good = folder.file("good.yaml", scaler("  delayThreshold: 20s\n"));
  const std::string bad = folder.file("bad.yaml", scaler("  lagThreshold: 0\n"));
  const std::string other = folder.file("other.yaml", "kind: Topic\n");
  const auto refused = [&](std::vector<const char*> more, const char* words) {
    more.insert(more.begin(), {"simulate", "--capacity", "100"});
    const Said said = say(more);
    CHECK(said.status == 2);
    CHECK_MESSAGE(said.err.find(words) != std::string::npos, said.err);
  };
  refused({"-f", good.c_str()}, "give a load");
  refused({"-f", good.c_str(), "--shape", "step:1"}, "must be constant:RATE");
  refused({"-f", bad.c_str(), "--shape", "constant:1"}, "spec.lagThreshold");
  refused({"-f", other.c_str(), "--shape", "constant:1"}, "has no ConsumerScaler");
  refused({"-f", good.c_str(), "--shape", "constant:1", "--length", "15d"}, "at most 336h");
  refused({"-f", good.c_str(), "--shape", "constant:1", "--keda"}, "KEDA's rule knows no delay");
  refused({"-f", good.c_str(), "--shape", "constant:1", "--startup", "soon"}, "--startup soon is no duration");
  refused({"-f", good.c_str(), "--trace", "/nowhere/trace.csv"}, "/nowhere/trace.csv can't be read");
  refused({"-f", good.c_str(), "--record", "soon"}, "--record soon is no duration");
  refused({"-f", good.c_str(), "--record", "15d"}, "--record must be at most 336h");
  refused({"-f", good.c_str(), "--record", "1s", "--trace", "/nowhere/trace.csv"}, "can't write the trace");
  refused({"-f", good.c_str(), "--record", "1s", "--shape", "constant:1"}, "excludes");
  refused({"-f", good.c_str(), "--shape", "constant:1", "--bootstrap-server", "a:1"}, "only with --record");
  refused({"-f", good.c_str(), "--record", "1s", "--bootstrap-server", "a:1", "-n", "shop"}, "for asking Penstock");
}
