// A model of a topic and of the group that consumes it, in steps of one second: arrivals, start-up, rebalances, what a
// consumer gets done, commits. Deterministic.
#pragma once
#include <penstock/scaling/lag.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace penstock::simulation {

struct World {
  int partitions = 12;
  std::vector<double> shares;      // of the arrivals, by partition, summing up to 1; empty: even
  double consumer_capacity = 100;  // records a second
  Duration startup = 15s;          // from a new replica to its consumer in the group
  Duration rebalance = 3s;         // nobody consumes while members come and go
  Duration commit_interval = 5s;
  std::optional<int> stuck;  // a partition whose consumer hangs
  Duration stuck_from = 0s;
  bool transactional = false;         // each second's records of a partition end in a commit marker
  std::optional<Duration> retention;  // older records are deleted
};

class Consumers {
 public:
  explicit Consumers(World world);

  // One second in which so many records arrive, with so many replicas at its beginning.
  void step(double arriving, int replicas);
  // The partitions grow; what arrives is spread anew, evenly.
  void grow(int partitions);

  std::int64_t lag() const;                    // records that no consumer has processed
  Duration delay() const;                      // age of the oldest of them
  std::int64_t lost() const { return lost_; }  // records that retention deleted before they were processed
  // The fewest replicas whose consumers keep up with this. A partition that no consumer keeps up with is worth the work
  // of one.
  int ideal(double arriving) const;

  // What a sample of Kafka would show now.
  scaling::Lag read(const api::ConsumerScalerSpec& spec);
  scaling::GroupState group() const;
  SteadyTime now() const { return now_; }

 private:
  struct Arrived {
    SteadyTime at;
    std::int64_t end;  // after it
  };
  struct Partition {
    double owed = 0;  // fractions of records that arrived and that were processed
    double done = 0;
    std::int64_t start = 0, end = 0, position = 0, committed = kNoCommit;
    std::deque<Arrived> arrivals;  // not processed yet, oldest first
  };
  void arrive(double arriving);
  void expire();
  void change_members(int replicas);
  void consume();
  void commit();
  bool hangs(std::size_t p) const;
  double share(std::size_t p) const;  // of the arrivals

  World world_;
  SteadyTime now_{24h};
  SteadyTime began_ = now_;
  std::vector<Partition> partitions_;
  std::deque<SteadyTime> starting_;  // when each will join
  std::size_t members_ = 0;
  SteadyTime rebalancing_until_{};
  SteadyTime committed_at_{};
  std::int64_t lost_ = 0;
  scaling::EndHistory history_;
  scaling::GroupPast past_;
};

}  // namespace penstock::simulation
