// Leader election on a coordination.k8s.io/v1 Lease, as client-go does it: a pure judgement and a thread that acts on
// it.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/k8s/client.hpp>

#include <functional>
#include <optional>
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

// Takes part in the election until the stop; on_started runs on a thread of its own when this process becomes the
// leader, with a token that stops when it no longer is (or at the stop), and always before another may take over.
// Returns, with that thread joined, when leadership was lost, when on_started returned by itself (kLost), or after the
// stop; the lease is released unless it was lost. While on_started still winds down, the lease is kept.
// Judges other holders' expiry on own monotonic time.
enum class Ended { kStopped, kLost };
Ended lead(const Client& client, const LeaseOptions& options, const Clock& clock, std::stop_token stop,
           const std::function<void(std::stop_token)>& on_started);

// What one who wants the lease may do, from what it saw of it so far. Pure: time is an argument.
class LeaseJudge {
 public:
  enum class Verdict {
    kCreate,  // there is none
    kTake,    // nobody holds it, or its holder has been silent for too long
    kRenew,   // we hold it
    kWait,    // another holds it
  };
  explicit LeaseJudge(const LeaseOptions& options) : options_(options) {}

  // lease: the object as just read, nullopt when it is not there.
  Verdict judge(const std::optional<Json>& lease, SteadyTime now);
  // The object to write after that verdict. seen must be what was judged: its resourceVersion is the precondition.
  Json record(Verdict verdict, const std::optional<Json>& seen, WallTime now) const;
  // The object that gives the lease back.
  Json released(Json held, WallTime now) const;

 private:
  LeaseOptions options_;
  Json observed_;           // the spec last seen
  SteadyTime observed_at_;  // when it was first seen so
};

// One who wants the lease: the judge and the requests. One thread.
class Contender {
 public:
  Contender(const Client& client, LeaseOptions options, const Clock& clock);

  // One try to get or to keep the lease; says whether we hold it. An error leaves what we hold unknown: holds() stays
  // as it was, and left() runs down.
  Result<bool> attempt(Duration timeout, std::stop_token stop = {});
  bool holds() const { return holds_; }
  // How long we may still lead without another success.
  Duration left() const;
  // Gives the lease back if the server says it is ours.
  Result<void> release(Duration timeout);

 private:
  Result<bool> write(LeaseJudge::Verdict verdict, const Client& client, std::stop_token stop);

  Client client_;
  LeaseOptions options_;
  const Clock& clock_;
  LeaseJudge judge_;
  std::optional<Json> known_;  // the object as we last wrote it, while nobody else is known to have changed it
  SteadyTime renewed_;
  bool holds_ = false;
  bool unsure_ = false;  // a write was sent and not answered
};

}  // namespace penstock::k8s
