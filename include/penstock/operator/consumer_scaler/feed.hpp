// What penstock-scaler decided, as it says it: one DecisionFeed is followed, and left for the next address only when it
// dies or falls silent. Owns its threads; reads come from any thread.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/k8s/resource.hpp>
#include <penstock/operator/consumer_scaler/plan.hpp>
#include <penstock/rpc/tls.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace grpc {
class ClientContext;
}

namespace penstock::op::consumer_scaler {

// The memory of a feed, without I/O.
class Decisions {
 public:
  struct Heard {
    std::shared_ptr<const Decision> decision;  // may be empty
    Duration silence{};                        // since it was heard; without one: since anything was heard
  };

  explicit Decisions(SteadyTime started) : last_contact_(started) {}

  // The keys that have something new to look at.
  std::vector<k8s::ObjectKey> on(const penstock::v1::Update& update, SteadyTime now);
  // A new stream begins: what it does not repeat before `synced` is gone.
  void connected();
  Heard latest(const k8s::ObjectKey& key, SteadyTime now) const;
  Duration silence(SteadyTime now) const { return now - last_contact_; }
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    std::shared_ptr<const Decision> decision;
    SteadyTime received;
    bool repeated = false;  // by the stream at hand
  };
  std::map<k8s::ObjectKey, Entry> entries_;
  SteadyTime last_contact_;
};

class Feed {
 public:
  struct Options {
    std::vector<std::string> addresses;  // host:port
    rpc::TlsSource identity;             // asked for each connection
    Duration silence = kFeedSilence;
    Duration silence_when_empty = 2min;  // a scaler with nothing to say says nothing
    Duration first_back_off = 200ms, longest_back_off = 5s;
  };
  struct Listener {
    std::function<void(const k8s::ObjectKey&)> changed;
    std::function<void()> silent;  // whoever depends on it must look: nothing is heard any more
  };

  // Starts at once.
  Feed(Options options, const Clock& clock, Listener listener);
  ~Feed();

  Decisions::Heard latest(const k8s::ObjectKey& key) const;
  // Empty while the feed is followed.
  std::string problem() const;

 private:
  void follow(const std::stop_token& stop);
  void read(const std::string& address, const std::stop_token& stop);
  void watch_silence(const std::stop_token& stop);
  void cancel();

  Options options_;
  const Clock& clock_;
  Listener listener_;
  mutable std::mutex mutex_;
  Decisions decisions_;
  std::string problem_ = "not connected yet";
  bool told_silence_ = false;
  grpc::ClientContext* call_ = nullptr;
  std::jthread watchdog_, reader_;
};

}  // namespace penstock::op::consumer_scaler
