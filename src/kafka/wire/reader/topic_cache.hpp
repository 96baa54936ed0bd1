// What the reader remembers of topics between ticks: how many partitions, who leads them, where they start.
#pragma once
#include <penstock/kafka/types.hpp>

#include <unordered_map>

namespace penstock::kafka::wire {

struct KnownTopic {
  std::string id;
  std::vector<int> leaders;  // by partition; -1: none
  struct Start {
    std::int64_t offset = 0;
    SteadyTime read;
  };
  std::vector<std::optional<Start>> starts;  // by partition
  // By partition, of the last tick; 0: not read. A log that ends earlier than it did is another one, or has been cut.
  std::vector<std::int64_t> ends, stable_ends;
};

class CachedTopic {
 public:
  explicit CachedTopic(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  // Must it be looked up now? Always when it is not known.
  bool due(SteadyTime now) const;
  // A re-created topic (another id) starts anew. A failure that may pass leaves what is known for a while.
  void put(const Result<TopicInfo>& info, SteadyTime now);
  // Look it up at the next occasion: a leader moved, the topic may be gone.
  void doubt() { doubtful_ = true; }
  // Somebody knows of this partition: doubts the topic when it is beyond those known, once for each such number, since
  // commits of a re-created topic's former partitions stay for good.
  void mention(int partition);
  // Null: not looked up yet, no such topic, or its lookup failed.
  KnownTopic* known() { return known_ ? &*known_ : nullptr; }
  // Why known() says nothing.
  Error error() const;

  std::uint64_t tick = 0;  // that last wanted it
  std::size_t place = 0;   // among that tick's topics

 private:
  std::string name_;
  std::optional<KnownTopic> known_;
  std::optional<Error> error_;
  std::optional<SteadyTime> looked_up_;
  SteadyTime confirmed_;
  bool doubtful_ = false;
  int mentioned_ = -1;
};

// One thread; pure but for its memory.
class TopicCache {
 public:
  // Stays where it is until it is forgotten.
  CachedTopic& of(const std::string& topic) { return topics_.try_emplace(topic, topic).first->second; }
  // Null: nobody has asked for it.
  CachedTopic* find(const std::string& topic);
  // Forgets those that this tick did not want.
  void keep_only(std::uint64_t tick);

 private:
  std::unordered_map<std::string, CachedTopic> topics_;
};

}  // namespace penstock::kafka::wire
