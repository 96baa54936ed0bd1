// A queue of keys to look at, as client-go's: a key is queued once however often it is added; a key being worked on
// that is added again is queued when the work ends; the earliest wanted time wins. Any thread.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/k8s/resource.hpp>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

namespace penstock::runtime {

class WorkQueue {
 public:
  // With a name it counts itself under client-go's metric names (workqueue_depth, workqueue_adds_total …).
  explicit WorkQueue(const Clock& clock, const std::string& name = {});
  ~WorkQueue();

  void add(const k8s::ObjectKey& key) { add_after(key, Duration{0}); }
  void add_after(const k8s::ObjectKey& key, Duration delay);
  // Blocks until a key is due; nullopt at the stop. The key counts as being worked on until done().
  std::optional<k8s::ObjectKey> take(const std::stop_token& stop);
  // A due key if there is one, at once: for simulated clocks.
  std::optional<k8s::ObjectKey> try_take();
  void done(const k8s::ObjectKey& key);
  // Keys that wait, due or not yet; without those being worked on.
  std::size_t size() const;

 private:
  struct Meters;
  using Order = std::set<std::pair<SteadyTime, k8s::ObjectKey>>;

  void put(const k8s::ObjectKey& key, SteadyTime when);
  std::optional<k8s::ObjectKey> pop_due();
  void promote(SteadyTime now);

  const Clock& clock_;
  std::unique_ptr<Meters> meters_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<k8s::ObjectKey, SteadyTime> waiting_;  // every key in ready_ or later_, and its time there
  Order ready_, later_;                           // by time, so that no key starves another
  std::map<k8s::ObjectKey, SteadyTime> working_;  // since when
  std::map<k8s::ObjectKey, SteadyTime> again_;    // added while being worked on
};

}  // namespace penstock::runtime
