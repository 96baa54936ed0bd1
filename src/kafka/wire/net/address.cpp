#include "address.hpp"

#include <algorithm>

namespace penstock::kafka::wire {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Result<std::vector<Address>> parse_addresses(std::string_view bootstrap_servers) {
  std::vector<Address> found;
  while (!bootstrap_servers.empty()) {
    const auto comma = std::min(bootstrap_servers.find(','), bootstrap_servers.size());
    const auto one = trim(bootstrap_servers.substr(0, comma));
    bootstrap_servers.remove_prefix(std::min(comma + 1, bootstrap_servers.size()));
    if (one.empty()) continue;
    auto address = parse_address(one);
    if (!address || address->port == 0)
      return fail(Code::kInvalid, "bootstrap server " + std::string(one) + " is not host:port", Retry::never());
    if (std::ranges::find(found, *address) == found.end()) found.push_back(std::move(*address));
  }
  if (found.empty()) return fail(Code::kInvalid, "no bootstrap server is given", Retry::never());
  return found;
}

}  // namespace penstock::kafka::wire
