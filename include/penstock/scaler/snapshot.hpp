// One immutable picture of everything that is decided, swapped whole: whoever answers a request reads this and nothing
// else.
#pragma once
#include <penstock/k8s/resource.hpp>
#include <penstock/scaling/comparison.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace penstock::scaler {

// When an engine last decided on everything that it decides on: an entry that would say the same again stays, and this
// goes on. Written by the engine's thread.
struct Beat {
  std::atomic<SteadyTime> decided{};
  std::atomic<WallTime> decided_at{};
};

// What an engine compares for a ConsumerScaler in mode Observe, tick by tick, while others read it.
class LiveComparison {
 public:
  LiveComparison(const api::ConsumerScaler& scaler, const scaling::Memory& memory, WallTime since)
      : generation_(scaler.meta.generation), comparison_(scaler.spec, memory, since) {}

  std::int64_t generation() const { return generation_; }  // whose spec it is about
  // The engine's thread.
  void observe(const scaling::Lag& lag, const scaling::GroupState& group, const scaling::Workload& workload,
               SteadyTime now, WallTime wall) {
    const std::lock_guard lock(mutex_);
    comparison_.observe(lag, group, workload, now, wall);
  }
  // Any thread.
  scaling::Compared result() const {
    const std::lock_guard lock(mutex_);
    return comparison_.result();
  }

 private:
  const std::int64_t generation_;
  mutable std::mutex mutex_;
  scaling::Comparison comparison_;
};

// The last word on one ConsumerScaler.
struct Entry {
  k8s::ObjectKey key;
  std::string uid;
  std::int64_t generation = 0;
  std::string group_id;
  std::int64_t target = 1;  // the spec's metric_target that was decided with
  scaling::Decision decision;
  std::optional<std::int64_t> lag;
  std::optional<api::Delay> delay;
  std::optional<double> arrival_rate, consumption_rate;  // records a second
  int partitions = 0;
  std::vector<scaling::TopicLag> topics;
  api::GroupStatus group;
  std::vector<api::Verdict> verdicts;
  std::string error;  // why the lag is unknown, with what to do
  std::optional<WallTime> last_active;
  std::shared_ptr<const LiveComparison> comparison;  // in mode Observe
  std::shared_ptr<const Beat> beat;
  std::uint64_t revision = 0;  // another one whenever something else than a time has changed

  // Whether nothing but the passing of time tells the two apart.
  bool says_the_same_as(const Entry& other) const;
  SteadyTime decided() const { return beat->decided.load(std::memory_order_relaxed); }
  WallTime decided_at() const { return beat->decided_at.load(std::memory_order_relaxed); }
};

using EntryPtr = std::shared_ptr<const Entry>;

class Snapshot {
 public:
  EntryPtr find(const k8s::ObjectKey& key) const;  // nullptr when nothing was decided yet
  const std::vector<EntryPtr>& entries() const { return entries_; }

 private:
  friend class Board;
  using Places = std::unordered_map<k8s::ObjectKey, std::size_t>;
  // Shared by the snapshots in which the same objects are.
  std::shared_ptr<const Places> places_ = std::make_shared<const Places>();
  std::vector<EntryPtr> entries_;
};

class Board {
 public:
  struct Change {
    std::vector<EntryPtr> changed;
    std::vector<EntryPtr> removed;
  };
  // Called with one change at a time, on the publisher's thread, after the snapshot has it; must not block.
  using Listener = std::function<void(const Change&)>;
  // Whether an object of this key and uid is there.
  using Exists = std::function<bool(const k8s::ObjectKey&, const std::string& uid)>;

  explicit Board(Exists exists);

  std::shared_ptr<const Snapshot> read() const noexcept { return snapshot_.load(); }
  void subscribe(Listener listener) { listeners_.push_back(std::move(listener)); }  // before the first publish
  // Replaces these entries; those of objects that are gone meanwhile are left out, and one that is there already stays.
  // Any thread.
  void publish(const std::vector<std::shared_ptr<Entry>>& entries);
  // Removes the entry if its object no longer is there. Any thread.
  void review(const k8s::ObjectKey& key);

 private:
  void swap(std::shared_ptr<const Snapshot> next, const Change& change);

  const Exists exists_;
  std::vector<Listener> listeners_;
  std::mutex publishing_;
  std::uint64_t revision_ = 0;
  std::atomic<std::shared_ptr<const Snapshot>> snapshot_;
};

}  // namespace penstock::scaler
