// What the reader remembers of groups between ticks: who coordinates them, of what type they are, and their last
// description.
#pragma once
#include "../messages/groups.hpp"

#include <penstock/kafka/offset_reader.hpp>

#include <string_view>

namespace penstock::kafka::wire {

struct KnownGroup {
  std::optional<int> coordinator;
  // A coordinator that has just taken over answers from what its replicas have confirmed, which may trail what it has
  // loaded: commits that exist look like none. Until it has answered a question that waits for all of them, its word
  // is not taken.
  bool coordinator_proven = false;
  std::optional<SteadyTime> doubted_since;  // unset: not yet asked
  std::string type;                         // Classic, Consumer, Share, Streams; empty: no broker has listed it
  std::optional<GroupInfo> described;
  SteadyTime described_at{};
  std::optional<Error> failure;            // of the last attempt to describe it
  std::set<std::string> committed_topics;  // of the last answer
  std::uint64_t tick = 0;                  // that last asked for it
};

// One thread; pure but for its memory.
class GroupBook {
 public:
  // Stays where it is until it is forgotten.
  KnownGroup& of(const std::string& group) { return groups_[group]; }

  // The list of all brokers' groups tells the type of each. It is asked for seldom, and soon while a group of ours is
  // not on it.
  bool list_due(SteadyTime now) const;
  void list_asked(SteadyTime now) { list_asked_ = now; }
  // Of one broker. Groups that it doesn't name keep the type that they had.
  void listed(const ListGroupsResponse& list);

  // Which of these to describe this time, by index: all of a few groups of one type; of many or of several types, which
  // are asked for apart, at most a third, and one type after the other; and whatever was never described.
  std::vector<std::size_t> next_to_describe(const std::vector<const KnownGroup*>& groups);
  void described(KnownGroup& group, Result<GroupInfo> info, SteadyTime now);
  // The last description, for a while also after a failure that may pass.
  static Result<GroupInfo> info(const KnownGroup& group, SteadyTime now);

  // Forgets those that this tick did not ask for.
  void keep_only(std::uint64_t tick);

 private:
  std::unordered_map<std::string, KnownGroup> groups_;
  std::optional<SteadyTime> list_asked_;
  std::size_t turn_ = 0;
};

// Kafka's "consumer" and "Consumer" are one type to us: "Consumer".
std::string type_name(std::string_view kafka_name);

}  // namespace penstock::kafka::wire
