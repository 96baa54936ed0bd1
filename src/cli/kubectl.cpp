#include <penstock/cli/kubectl.hpp>

namespace penstock::cli {
namespace {

// A line of kubectl's that says what is wrong, among others.
void keep(std::string& words, const std::string& line) {
  constexpr std::size_t kLongest = 500;
  if (line.empty() || words.size() > kLongest) return;
  words += (words.empty() ? "" : "; ") + line;
}

}  // namespace

std::vector<std::string> Kubectl::command(std::vector<std::string> arguments) const {
  std::vector<std::string> all{"kubectl"};
  if (!kubeconfig.empty()) all.push_back("--kubeconfig=" + kubeconfig);
  if (!context.empty()) all.push_back("--context=" + context);
  for (std::string& one : arguments) all.push_back(std::move(one));
  return all;
}

Result<api::TlsSecret> Kubectl::tls_secret(const std::string& ns, const std::string& name, Duration timeout,
                                           const std::stop_token& stop) const {
  const std::string what = "kubectl get secret " + name + " in namespace " + ns;
  auto child = Child::start(command({"get", "secret", name, "--namespace=" + ns, "--output=jsonpath={.data}"}));
  if (!child) return std::unexpected(child.error());
  std::string words;
  Json data;
  while (const auto line = child->read_line(timeout, stop)) {
    if (line->starts_with('{')) {
      data = Json::parse(*line, nullptr, false);
    } else {
      keep(words, *line);
    }
  }
  if (stop.stop_requested()) return fail(Code::kCancelled, "stopping", Retry::never());
  if (!child->silent()) return fail(Code::kTimeout, what + " did not end in time");
  if (child->exit_status() != 0) return fail(Code::kUnavailable, what + ": " + words);
  auto tls = api::parse_tls_secret({{"data", std::move(data)}});
  if (!tls) return fail(what, tls.error());
  return tls;
}

Result<std::string> Kubectl::current_namespace(Duration timeout, const std::stop_token& stop) const {
  auto child = Child::start(command({"config", "view", "--minify", "--output=jsonpath={..namespace}"}));
  if (!child) return std::unexpected(child.error());
  std::string words;
  while (const auto line = child->read_line(timeout, stop)) keep(words, *line);
  if (stop.stop_requested()) return fail(Code::kCancelled, "stopping", Retry::never());
  if (!child->silent()) return fail(Code::kTimeout, "kubectl config view did not end in time");
  if (child->exit_status() != 0) return fail(Code::kUnavailable, "kubectl: " + words);
  return words.empty() ? "default" : words;
}

Result<std::unique_ptr<PortForward>> PortForward::start(const Kubectl& kubectl, const std::string& ns,
                                                        const std::string& service, int port, Duration timeout,
                                                        const std::stop_token& stop) {
  auto child = Child::start(kubectl.command(
      {"port-forward", "--namespace=" + ns, "--address=127.0.0.1", "service/" + service, ":" + std::to_string(port)}));
  if (!child) return std::unexpected(child.error());
  std::string words;
  while (const auto line = child->read_line(timeout, stop)) {
    if (std::string address = forwarded_address(*line); !address.empty())
      return std::unique_ptr<PortForward>(new PortForward(std::move(*child), std::move(address)));
    keep(words, *line);
  }
  if (stop.stop_requested()) return fail(Code::kCancelled, "stopping", Retry::never());
  return fail(Code::kUnavailable, "kubectl port-forward to service " + ns + "/" + service + ": " +
                                      (words.empty() ? "it did not say where in time" : words));
}

std::string forwarded_address(const std::string& line) {
  constexpr std::string_view kBefore = "Forwarding from ", kAfter = " -> ";
  const auto end = line.find(kAfter);
  if (!line.starts_with(kBefore) || end == std::string::npos) return {};
  return line.substr(kBefore.size(), end - kBefore.size());
}

}  // namespace penstock::cli
