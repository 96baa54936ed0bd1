#include <penstock/cli/kubectl.hpp>

#include <algorithm>

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

Result<std::vector<std::string>> Kubectl::lines(const std::string& what, std::vector<std::string> arguments,
                                                Duration timeout, const std::stop_token& stop) const {
  auto child = Child::start(command(std::move(arguments)));
  if (!child) return std::unexpected(child.error());
  std::vector<std::string> all;
  while (auto line = child->read_line(timeout, stop)) all.push_back(std::move(*line));
  if (stop.stop_requested()) return fail(Code::kCancelled, "stopping", Retry::never());
  if (!child->silent()) return fail(Code::kTimeout, what + " did not end in time");
  if (child->exit_status() == 0) return all;
  std::string words;
  for (const std::string& line : all) keep(words, line);
  return fail(Code::kUnavailable, what + ": " + words);
}

Result<api::TlsSecret> Kubectl::tls_secret(const std::string& ns, const std::string& name, Duration timeout,
                                           const std::stop_token& stop) const {
  const std::string what = "kubectl get secret " + name + " in namespace " + ns;
  const auto said =
      lines(what, {"get", "secret", name, "--namespace=" + ns, "--output=jsonpath={.data}"}, timeout, stop);
  if (!said) return std::unexpected(said.error());
  // kubectl may have warned before it.
  const auto data = std::ranges::find_if(*said, [](const std::string& line) { return line.starts_with('{'); });
  auto tls = api::parse_tls_secret({{"data", data == said->end() ? Json() : Json::parse(*data, nullptr, false)}});
  if (!tls) return fail(what, tls.error());
  return tls;
}

Result<std::string> Kubectl::current_namespace(Duration timeout, const std::stop_token& stop) const {
  const auto said =
      lines("kubectl config view", {"config", "view", "--minify", "--output=jsonpath={..namespace}"}, timeout, stop);
  if (!said) return std::unexpected(said.error());
  // Whatever else it says is a sentence.
  const auto name =
      std::ranges::find_if(*said, [](const std::string& line) { return !line.empty() && line.find(' ') == line.npos; });
  return name == said->end() ? "default" : *name;
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
