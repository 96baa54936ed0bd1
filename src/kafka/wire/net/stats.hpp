// What a client has done so far, for its owner's metrics. Read it on the client's thread.
#pragma once
#include <penstock/base/error.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace penstock::kafka::wire {

struct NetStats {
  struct ByApi {
    std::uint64_t requests = 0, answers = 0;
    double latency_seconds = 0;  // summed over the answers
  };
  std::map<std::string, ByApi> apis;     // by Kafka's name of the request; handshakes too
  std::map<Code, std::uint64_t> errors;  // of asks
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t connects = 0, connect_failures = 0;  // with all handshakes
};

}  // namespace penstock::kafka::wire
