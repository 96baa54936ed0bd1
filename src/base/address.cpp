#include <penstock/base/address.hpp>

#include <charconv>

namespace penstock {

std::string Address::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  const auto no = [&] {
    return fail(Code::kInvalid, "an address must be HOST:PORT, not " + std::string(text), Retry::never());
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return no();
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return no();
  }
  Address address{std::string(host), 0};
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, address.port);
  if (host.empty() || error != std::errc() || end != last) return no();
  return address;
}

}  // namespace penstock
