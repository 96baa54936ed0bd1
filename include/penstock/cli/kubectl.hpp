// What kubectl does for us: it knows every way to log in to a cluster.
#pragma once
#include <penstock/api/tls_secret.hpp>
#include <penstock/cli/child.hpp>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace penstock::cli {

struct Kubectl {
  std::string kubeconfig, context;  // empty: as kubectl finds them

  std::vector<std::string> command(std::vector<std::string> arguments) const;
  Result<api::TlsSecret> tls_secret(const std::string& ns, const std::string& name, Duration timeout,
                                    const std::stop_token& stop) const;
  // Of the context; "default" when it names none.
  Result<std::string> current_namespace(Duration timeout, const std::stop_token& stop) const;

 private:
  // What it says to the end; kUnavailable, with that, if it failed.
  Result<std::vector<std::string>> lines(const std::string& what, std::vector<std::string> arguments, Duration timeout,
                                         const std::stop_token& stop) const;
};

// `kubectl port-forward` to a Service, for as long as this lives.
class PortForward {
 public:
  static Result<std::unique_ptr<PortForward>> start(const Kubectl& kubectl, const std::string& ns,
                                                    const std::string& service, int port, Duration timeout,
                                                    const std::stop_token& stop);
  const std::string& address() const { return address_; }  // host:port at this end

 private:
  PortForward(Child child, std::string address) : child_(std::move(child)), address_(std::move(address)) {}

  Child child_;
  std::string address_;
};

// "127.0.0.1:43210" from kubectl's line about where it forwards from; empty for any other line.
std::string forwarded_address(const std::string& line);

}  // namespace penstock::cli
