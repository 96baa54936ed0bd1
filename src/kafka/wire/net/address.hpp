// The addresses that a person gives to reach a cluster.
#pragma once
#include <penstock/base/address.hpp>

#include <string_view>
#include <vector>

namespace penstock::kafka::wire {

// "host:port,[v6]:port", each once; kInvalid for anything else.
Result<std::vector<Address>> parse_addresses(std::string_view bootstrap_servers);

}  // namespace penstock::kafka::wire
