// Leader election on a coordination.k8s.io/v1 Lease, as client-go does it: a pure judgement and a thread that acts on
// it.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/k8s/client.hpp>

#include <functional>
#include <stop_token>
#include <string>

namespace penstock::k8s {

struct LeaseOptions {
  ObjectKey lease;
  std::string identity;           // unique for each process
  Duration duration = 15s;        // others may take over this long after the last renewal they saw change
  Duration renew_deadline = 10s;  // we stop leading this long after our last successful renewal
  Duration retry_period = 2s;
};

// Takes part in the election until the stop; on_started runs when this process becomes the leader, with a token that
// stops when it no longer is. Returns when leadership was lost or the stop came; the lease is released on a stop.
// Judges other holders' expiry on own monotonic time.
enum class Ended { kStopped, kLost };
Ended lead(const Client& client, const LeaseOptions& options, const Clock& clock, std::stop_token stop,
           const std::function<void(std::stop_token)>& on_started);

}  // namespace penstock::k8s
