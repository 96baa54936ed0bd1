// Where a broker listens.
#pragma once
#include <penstock/base/error.hpp>

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::kafka::wire {

struct Address {
  std::string host;
  int port = 0;
  auto operator<=>(const Address&) const = default;
  std::string to_string() const;  // "kafka-0.example:9092", "[::1]:9092"
};

// "host:port,[v6]:port"; kInvalid for anything else.
Result<std::vector<Address>> parse_addresses(std::string_view bootstrap_servers);

}  // namespace penstock::kafka::wire
