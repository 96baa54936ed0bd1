// What the reader remembers of topics between ticks: how many partitions, who leads them, where they start.
#pragma once
#include <penstock/kafka/types.hpp>

#include <functional>
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

// One thread; pure but for its memory.
class TopicCache {
 public:
  explicit TopicCache(Duration refresh) : refresh_(refresh) {}

  // Must this topic be looked up now? Always when it is not known.
  bool due(const std::string& topic, SteadyTime now) const;
  // A re-created topic (another id) starts anew. A failure that may pass leaves what is known for a while.
  void put(const std::string& topic, const Result<TopicInfo>& info, SteadyTime now);
  // Look it up at the next occasion: a leader moved, the topic may be gone.
  void doubt(const std::string& topic);
  // Somebody knows of this partition: doubts the topic when it is beyond those known, once for each such number, since
  // commits of a re-created topic's former partitions stay for good.
  void mention(const std::string& topic, int partition);
  // Null: no such topic in the cache, or its lookup failed.
  KnownTopic* find(const std::string& topic);
  // Why find() says nothing.
  Error error(const std::string& topic) const;
  void keep_only(const std::function<bool(const std::string& topic)>& wanted);

 private:
  struct Entry {
    std::optional<KnownTopic> known;
    std::optional<Error> error;
    SteadyTime looked_up, confirmed;
    bool doubtful = false;
    int mentioned = -1;
  };
  Duration refresh_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace penstock::kafka::wire
