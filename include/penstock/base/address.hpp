// Where somebody listens: host:port.
#pragma once
#include <penstock/base/error.hpp>

#include <compare>
#include <string>
#include <string_view>

namespace penstock {

struct Address {
  std::string host;  // a name or an IP address, without brackets
  unsigned short port = 0;
  auto operator<=>(const Address&) const = default;
  std::string to_string() const;  // "kafka-0.example:9092", "[::1]:9092"
};

// "kafka-0.example:9092", "[::]:0"; kInvalid for anything else.
Result<Address> parse_address(std::string_view text);

}  // namespace penstock
