#include "address.hpp"

#include <algorithm>
#include <charconv>

namespace penstock::kafka::wire {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool parse(std::string_view text, Address& into) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return false;
  }
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), into.port);
  into.host = host;
  return error == std::errc() && end == port.data() + port.size() && into.port > 0 && into.port < 65536 &&
         !host.empty();
}

}  // namespace

std::string Address::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<std::vector<Address>> parse_addresses(std::string_view bootstrap_servers) {
  std::vector<Address> found;
  while (!bootstrap_servers.empty()) {
    const auto comma = std::min(bootstrap_servers.find(','), bootstrap_servers.size());
    const auto one = trim(bootstrap_servers.substr(0, comma));
    bootstrap_servers.remove_prefix(std::min(comma + 1, bootstrap_servers.size()));
    if (one.empty()) continue;
    Address address;
    if (!parse(one, address))
      return fail(Code::kInvalid, "bootstrap server " + std::string(one) + " is not host:port", Retry::never());
    if (std::ranges::find(found, address) == found.end()) found.push_back(std::move(address));
  }
  if (found.empty()) return fail(Code::kInvalid, "no bootstrap server is given", Retry::never());
  return found;
}

}  // namespace penstock::kafka::wire
