// The kubeconfig format (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/), as far as a program that
// runs unattended can use it.
#pragma once
#include <penstock/k8s/config.hpp>

#include <string>

namespace penstock::k8s {

// context empty: the file's current one. What can't be honoured is refused rather than ignored.
Result<Config> load_kubeconfig(const std::string& path, const std::string& context);

}  // namespace penstock::k8s
