// A queue of keys to look at, as client-go's: a key is queued once however often it is added; a key being worked on
// that is added again is queued when the work ends; the earliest wanted time wins. Any thread.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/k8s/resource.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>

namespace penstock::runtime {

class WorkQueue {
 public:
  explicit WorkQueue(const Clock& clock) : clock_(clock) {}

  void add(const k8s::ObjectKey& key) { add_at(key, SteadyTime::min()); }
  void add_after(const k8s::ObjectKey& key, Duration delay) { add_at(key, clock_.now() + delay); }
  // Blocks until a key is due; nullopt at the stop. The key counts as being worked on until done().
  std::optional<k8s::ObjectKey> take(std::stop_token stop);
  // A due key if there is one, at once: for simulated clocks.
  std::optional<k8s::ObjectKey> try_take();
  void done(const k8s::ObjectKey& key);
  std::size_t size() const;

 private:
  void add_at(const k8s::ObjectKey& key, SteadyTime when);
  std::optional<k8s::ObjectKey> pop_due();

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<k8s::ObjectKey, SteadyTime> due_;
  std::set<std::pair<SteadyTime, k8s::ObjectKey>> order_;
  std::set<k8s::ObjectKey> working_;
  std::map<k8s::ObjectKey, SteadyTime> again_;
};

}  // namespace penstock::runtime
