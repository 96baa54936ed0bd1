// What a client has asked of a cluster's brokers so far, for its owner's metrics.
#pragma once
#include <penstock/base/error.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace penstock::kafka {

struct Traffic {
  struct ByApi {
    std::uint64_t requests = 0, answers = 0;
    double latency_seconds = 0;  // summed over the answers
  };
  std::map<std::string, ByApi> apis;     // by Kafka's name of the request; handshakes too
  std::map<Code, std::uint64_t> errors;  // of asks
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t connects = 0, connect_failures = 0;  // with all handshakes: those that served, those that did not
};

}  // namespace penstock::kafka
