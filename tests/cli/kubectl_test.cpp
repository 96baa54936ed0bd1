#include <penstock/cli/kubectl.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;

namespace {

namespace fs = std::filesystem;

// A kubectl of our own, first on the PATH.
struct FakeKubectl {
  fs::path folder;
  std::string path_before = std::getenv("PATH");

  explicit FakeKubectl(const std::string& script) {
    std::string name = (fs::temp_directory_path() / "penstock-kubectl-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    std::ofstream(folder / "kubectl") << "#!/bin/sh\n" << script;
    fs::permissions(folder / "kubectl", fs::perms::owner_all);
    ::setenv("PATH", (folder.string() + ":" + path_before).c_str(), 1);
  }
  ~FakeKubectl() {
    ::setenv("PATH", path_before.c_str(), 1);
    fs::remove_all(folder);
  }
  std::string note(const std::string& name) const {
    std::ifstream file(folder / name);
    std::string text;
    std::getline(file, text);
    return text;
  }
};

constexpr Duration kLong = 20s;

}  // namespace

TEST_CASE("the forwarded address is taken from kubectl's own words, and the forward ends with its owner") {
  const FakeKubectl fake(R"(echo "$$" > "$(dirname "$0")/pid"
echo "$*" > "$(dirname "$0")/arguments"
echo 'Forwarding from 127.0.0.1:43210 -> 9443'
exec sleep 60
)");
  int pid = 0;
  {
    const auto forward = PortForward::start({"my.config", "prod"}, "penstock", "penstock-scaler", 9443, kLong, {});
    REQUIRE(forward);
    CHECK((*forward)->address() == "127.0.0.1:43210");
    CHECK(fake.note("arguments") ==
          "--kubeconfig=my.config --context=prod port-forward --namespace=penstock --address=127.0.0.1 "
          "service/penstock-scaler :9443");
    pid = std::stoi(fake.note("pid"));
    CHECK(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("a kubectl that refuses is quoted") {
  const FakeKubectl fake("echo 'error: services \"penstock-scaler\" not found' >&2; exit 1\n");
  const auto forward = PortForward::start({}, "penstock", "penstock-scaler", 9443, kLong, {});
  REQUIRE_FALSE(forward);
  CHECK(forward.error().what ==
        "kubectl port-forward to service penstock/penstock-scaler: error: services \"penstock-scaler\" not found");
}

TEST_CASE("a kubectl that says nothing is not waited for for ever, nor after a stop") {
  const FakeKubectl fake("exec sleep 60\n");
  const auto late = PortForward::start({}, "penstock", "penstock-scaler", 9443, 100ms, {});
  REQUIRE_FALSE(late);
  CHECK(late.error().what.ends_with("it did not say where in time"));
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = PortForward::start({}, "penstock", "penstock-scaler", 9443, kLong, stop.get_token());
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Code::kCancelled);
}

TEST_CASE("the context's namespace is kubectl's, and default when it names none") {
  const FakeKubectl shop("printf shop\n");
  CHECK(Kubectl{}.current_namespace(kLong, {}).value() == "shop");
  const FakeKubectl none("exit 0\n");
  CHECK(Kubectl{}.current_namespace(kLong, {}).value() == "default");
  const FakeKubectl broken("echo 'error: no such context' >&2; exit 1\n");
  CHECK(Kubectl{}.current_namespace(kLong, {}).error().what == "kubectl config view: error: no such context");
}

TEST_CASE("a TLS Secret comes from kubectl, among whatever else it says; a refusal is quoted") {
  const FakeKubectl fake(R"(echo "$*" > "$(dirname "$0")/arguments"
echo 'Warning: certificate soon over' >&2
printf '{"ca.crt":"YQ==","tls.crt":"Yw==","tls.key":"aw=="}'
)");
  CHECK(Kubectl{"my.config", "prod"}.tls_secret("penstock", "penstock-caller-tls", kLong, {}).value() ==
        api::TlsSecret{"c", "k", "a"});
  CHECK(fake.note("arguments") ==
        "--kubeconfig=my.config --context=prod get secret penstock-caller-tls --namespace=penstock "
        "--output=jsonpath={.data}");
  const FakeKubectl refusing("echo 'Error from server (Forbidden): secrets is forbidden' >&2; exit 1\n");
  CHECK(Kubectl{}.tls_secret("penstock", "penstock-caller-tls", kLong, {}).error().what ==
        "kubectl get secret penstock-caller-tls in namespace penstock: Error from server (Forbidden): secrets is "
        "forbidden");
  const FakeKubectl empty("exit 0\n");
  CHECK(Kubectl{}.tls_secret("penstock", "penstock-caller-tls", kLong, {}).error().what.find("`tls.crt`") !=
        std::string::npos);
}

TEST_CASE("a program that is not there is an error in words") {
  auto child = Child::start({"no-such-program-of-ours"});
  REQUIRE(child);
  CHECK(child->read_line(kLong, {}) == "is not installed, or not on the PATH");
  CHECK(child->exit_status() == 127);
}

TEST_CASE("only kubectl's line about where it forwards from is taken for an address") {
  CHECK(forwarded_address("Forwarding from [::1]:43210 -> 9443") == "[::1]:43210");
  CHECK(forwarded_address("Handling connection for 43210").empty());
  CHECK(forwarded_address("Forwarding from nowhere").empty());
}
