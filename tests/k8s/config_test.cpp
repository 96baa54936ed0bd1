#include <penstock/k8s/config.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace penstock;
using namespace penstock::k8s;
namespace fs = std::filesystem;

namespace {

// A directory that goes away, and the environment as it was.
struct Fixture {
  fs::path directory = fs::temp_directory_path() / ("penstock-config-" + std::to_string(::getpid()));

  Fixture() {
    fs::remove_all(directory);
    fs::create_directories(directory);
    for (const auto* name : {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"}) ::unsetenv(name);
    ::setenv("HOME", directory.c_str(), 1);
  }
  ~Fixture() { fs::remove_all(directory); }

  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories((directory / name).parent_path());
    std::ofstream(directory / name) << text;
    return (directory / name).string();
  }
};

// "-----BEGIN CERTIFICATE-----\n"
constexpr const char* kPem64 = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==";

std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
         "contexts:\n"
         "- name: there\n  context: {cluster: nowhere, user: me}\n"
         "- name: here\n  context: {cluster: c, user: me, namespace: shop}\n"
         "clusters:\n- name: c\n  cluster: {server: 'https://127.0.0.1:6443', " +
         cluster + "}\nusers:\n- name: me\n  user: {" + user + "}\n";
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a kubeconfig with everything in it is read") {
  const auto path = write("config", kubeconfig(std::string("certificate-authority-data: ") + kPem64,
                                               std::string("client-certificate-data: ") + kPem64 +
                                                   ", client-key-data: " + kPem64 + ", token: abc"));
  const auto config = load_config(path);
  REQUIRE_MESSAGE(config, config.error().what);
  CHECK(config->origin == "https://127.0.0.1:6443");
  CHECK(config->ns == "shop");
  const auto credentials = config->credentials();
  REQUIRE(credentials);
  CHECK(credentials->certificate_authority == "-----BEGIN CERTIFICATE-----\n");
  CHECK(credentials->client_certificate == "-----BEGIN CERTIFICATE-----\n");
  CHECK(credentials->client_key == "-----BEGIN CERTIFICATE-----\n");
  CHECK(credentials->bearer_token == "abc");
}

TEST_CASE_FIXTURE(Fixture, "paths are relative to the kubeconfig, and a changed file is read anew") {
  write("pki/ca.crt", "authority");
  const auto token = write("token", "first\n");
  const auto path = write("config", kubeconfig("certificate-authority: pki/ca.crt", "tokenFile: token"));
  const auto config = load_config(path);
  REQUIRE_MESSAGE(config, config.error().what);
  CHECK(config->credentials()->certificate_authority == "authority");
  CHECK(config->credentials()->bearer_token == "first");
  write("token", "second\n");
  fs::last_write_time(token, fs::last_write_time(token) + std::chrono::seconds(5));
  CHECK(config->credentials()->bearer_token == "second");
  fs::remove(token);
  const auto gone = config->credentials();
  REQUIRE(!gone);
  CHECK(gone.error().what.find("token") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "what can't be honoured is refused in words") {
  struct Row {
    const char *cluster, *user, *words;
  };
  for (const Row& row :
       {Row{"x: y", "exec: {command: aws}", "credentials by exec"},
        Row{"x: y", "auth-provider: {name: gcp}", "credentials by auth-provider"},
        Row{"x: y", "username: me", "'username'"}, Row{"x: y", "as: root", "'as'"},
        Row{"insecure-skip-tls-verify: true", "token: t", "insecure-skip-tls-verify"},
        Row{"proxy-url: 'http://p'", "token: t", "proxy-url"}, Row{"tls-server-name: n", "token: t", "tls-server-name"},
        Row{"certificate-authority-data: '%%%'", "token: t", "certificate-authority-data"},
        Row{"certificate-authority: missing.crt", "token: t", "missing.crt"}}) {
    const auto config = load_config(write("config", kubeconfig(row.cluster, row.user)));
    REQUIRE_MESSAGE(!config, row.words);
    CHECK_MESSAGE(config.error().what.find(row.words) != std::string::npos, config.error().what);
  }
}

TEST_CASE_FIXTURE(Fixture, "a server that isn't a plain https origin is refused") {
  for (const auto* server : {"http://127.0.0.1:6443", "127.0.0.1", "https://h/path", ""}) {
    auto text = kubeconfig("x: y", "token: t");
    text.replace(text.find("https://127.0.0.1:6443"), 22, server);
    CHECK_MESSAGE(!load_config(write("config", text)), server);
  }
  auto text = kubeconfig("x: y", "token: t");
  text.replace(text.find("https://127.0.0.1:6443"), 22, "https://h:6443/");
  CHECK(load_config(write("config", text))->origin == "https://h:6443");
}

TEST_CASE_FIXTURE(Fixture, "a kubeconfig that isn't one is an error that names the file") {
  for (const auto* text : {"", "5", "[a]", "a: b", "{", "current-context: x", "current-context: x\ncontexts: 5",
                           "current-context: x\ncontexts: [5, {name: x}]", "current-context: [x]",
                           "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: null"}) {
    const auto path = write("config", text);
    const auto config = load_config(path);
    REQUIRE_MESSAGE(!config, text);
    CHECK_MESSAGE(config.error().what.find(path) != std::string::npos, config.error().what);
    CHECK(config.error().code == Code::kInvalid);
  }
  CHECK(!load_config((directory / "absent").string()));
  const auto path = write("config", kubeconfig("x: y", "token: t"));
  CHECK(!load_config(path, "there"));
  CHECK(!load_config(path, "elsewhere"));
  CHECK(load_config(path, "here"));
}

TEST_CASE_FIXTURE(Fixture, "KUBECONFIG's first existing file wins over the pod and the home directory") {
  const auto nothing = load_config();
  REQUIRE(!nothing);
  CHECK(nothing.error().what.find(".kube/config") != std::string::npos);
  write(".kube/config", kubeconfig("x: home", "token: home"));
  CHECK(load_config()->credentials()->bearer_token == "home");
  const auto named = write("named", kubeconfig("x: y", "token: named"));
  ::setenv("KUBECONFIG", (":" + (directory / "absent").string() + ":" + named).c_str(), 1);
  CHECK(load_config()->credentials()->bearer_token == "named");
}

TEST_CASE_FIXTURE(Fixture, "a pod finds its server, its namespace and its token") {
  CHECK(!in_cluster_config(directory.string()));
  ::setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  CHECK(!in_cluster_config(directory.string()));
  write("ca.crt", "authority");
  const auto token = write("token", "one");
  const auto config = in_cluster_config(directory.string());
  REQUIRE_MESSAGE(config, config.error().what);
  CHECK(config->origin == "https://10.0.0.1:443");
  CHECK(config->ns == "default");
  write("namespace", "shop\n");
  CHECK(in_cluster_config(directory.string())->ns == "shop");
  write("token", "two");
  fs::last_write_time(token, fs::last_write_time(token) + std::chrono::seconds(5));
  CHECK(config->credentials()->bearer_token == "two");
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  CHECK(in_cluster_config(directory.string())->origin == "https://[fd00::1]:443");
}
