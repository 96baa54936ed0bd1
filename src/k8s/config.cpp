#include "kubeconfig.hpp"
#include "text_file.hpp"

#include <penstock/k8s/config.hpp>

#include <cstdlib>
#include <filesystem>

namespace penstock::k8s {

namespace fs = std::filesystem;

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here ever sets one
  return value ? value : "";
}

// The first file of $KUBECONFIG that exists; empty when there is none.
std::string kubeconfig_of_environment() {
  std::string paths = environment("KUBECONFIG");
  while (!paths.empty()) {
    const auto colon = paths.find(':');
    const std::string path = paths.substr(0, colon);
    std::error_code ignored;
    if (!path.empty() && fs::exists(path, ignored)) return path;
    paths = colon == std::string::npos ? "" : paths.substr(colon + 1);
  }
  return {};
}

}  // namespace

Result<Config> load_config(const std::string& path, const std::string& context) {
  if (!path.empty()) return load_kubeconfig(path, context);
  if (const std::string found = kubeconfig_of_environment(); !found.empty()) return load_kubeconfig(found, context);
  if (!environment("KUBERNETES_SERVICE_HOST").empty()) return in_cluster_config();
  const std::string home = environment("HOME") + "/.kube/config";
  std::error_code ignored;
  if (fs::exists(home, ignored)) return load_kubeconfig(home, context);
  return fail(
      Code::kInvalid,
      "no API server is known: KUBECONFIG names no file that exists, this is no pod, and " + home + " does not exist",
      Retry::never());
}

Result<Config> in_cluster_config(const std::string& directory) {
  std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty())
    return fail(Code::kInvalid, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod",
                Retry::never());
  if (host.find(':') != std::string::npos) host = "[" + host + "]";

  auto ca = std::make_shared<TextFile>(directory + "/ca.crt");
  auto token = std::make_shared<TextFile>(directory + "/token");
  Config config;
  config.origin = "https://" + host + ":" + port;
  config.credentials = [ca, token]() -> Result<http::Credentials> {
    const auto authority = ca->read();
    if (!authority) return std::unexpected(authority.error());
    const auto bearer = token->read();
    if (!bearer) return std::unexpected(bearer.error());
    return http::Credentials{*authority, {}, {}, trimmed(*bearer)};
  };
  if (const auto first = config.credentials(); !first) return fail("reading the pod's credentials", first.error());
  const auto ns = TextFile(directory + "/namespace").read();
  config.ns = ns && !trimmed(*ns).empty() ? trimmed(*ns) : "default";
  return config;
}

std::shared_ptr<http::Transport> connect(const Config& config) {
  return http::make_transport(config.origin, config.credentials);
}

}  // namespace penstock::k8s
