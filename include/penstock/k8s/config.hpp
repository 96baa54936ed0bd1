// Where the API server is and who we are: a kubeconfig file, or the files that a pod is given.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/http/transport.hpp>

#include <memory>
#include <string>

namespace penstock::k8s {

struct Config {
  std::string origin;  // https://host:port
  std::string ns;      // the context's or the pod's namespace; "default" when there is none
  http::CredentialSource credentials;
};

// path empty: $KUBECONFIG (first existing entry), then in-cluster, then ~/.kube/config. Certificates and tokens, inline
// or as files (read anew when they change). Exec plugins and auth-provider are refused in words.
Result<Config> load_config(const std::string& path = {}, const std::string& context = {});
Result<Config> in_cluster_config(const std::string& directory = "/var/run/secrets/kubernetes.io/serviceaccount");

std::shared_ptr<http::Transport> connect(const Config& config);

}  // namespace penstock::k8s
