#include "words.hpp"

#include <penstock/scaling/lag.hpp>

#include <algorithm>

namespace penstock::scaling {
namespace {

// A commit marker leaves a lag of 1 behind an idle transactional producer, two in a row one of 2; consumers commit
// every 5 s by default, so what has not moved for two intervals is not going to.
constexpr std::int64_t kLongestTail = 2;
constexpr Duration kTailPatience = 10s;
// A record that has waited for two commit intervals waits for its consumer, and not for the next commit.
constexpr Duration kBacklogAge = 10s;
// What a commit leaves behind waits for its consumer too.
constexpr Duration kBehind = 5s;
// A rate that was watched for less says little about what comes in batches.
constexpr Duration kHeavyWatched = 10s;
// A commit that stands for this long while others go on is no slow batch.
constexpr Duration kStuckPatience = 2min;

// The verdicts of one sample: a type and a topic each, with the partitions they hold for.
class Verdicts {
 public:
  void add(std::string_view type, std::string_view topic, std::size_t partition, const std::string& message) {
    const auto same = [&](const api::Verdict& v) { return v.type == type && v.topic == topic; };
    auto found = std::find_if(list_.begin(), list_.end(), same);
    if (found == list_.end())
      found = list_.insert(list_.end(), api::Verdict{std::string(type), std::string(topic), {}, message});
    found->partitions.push_back(static_cast<int>(partition));
  }
  std::vector<api::Verdict> take() { return std::move(list_); }

 private:
  std::vector<api::Verdict> list_;
};

// The first reason why the lag is unknown, and how many more there are.
class Unknown {
 public:
  void add(const std::string& where, const std::string& what) {
    if (count_++ == 0) first_ = where + ": " + what;
  }
  std::string text() const { return count_ > 1 ? first_ + " (and " + std::to_string(count_ - 1) + " more)" : first_; }

 private:
  std::string first_;
  int count_ = 0;
};

std::string_view start_words(api::OffsetReset reset) {
  switch (reset) {
    case api::OffsetReset::kEarliest:
      return "consumers read it from its start";
    case api::OffsetReset::kLatest:
      return "consumers go on at its end";
    case api::OffsetReset::kNone:
      return "consumers stop until somebody sets an offset";
  }
  return "";
}

// The reading of a partition that a list of them may not have.
Reading at(std::span<const Reading> readings, std::size_t partition, Reading otherwise = {}) {
  return partition < readings.size() ? readings[partition] : otherwise;
}

class Reckoning {
 public:
  Reckoning(const GroupInput& input, GroupPast& past, const api::ConsumerScalerSpec& spec)
      : input_(input), past_(past), spec_(spec) {}

  Lag run() {
    missing();
    lag_.topics.reserve(input_.topics.size());
    for (const TopicInput& topic : input_.topics) this->topic(topic);
    forget();
    lag_.error = unknown_.text();
    if (lag_.error.empty()) {
      sum_up();
    } else {
      past_.last_known.reset();
      lag_.heavy.reset();
    }
    lag_.verdicts = verdicts_.take();
    return std::move(lag_);
  }

 private:
  using Past = GroupPast::Partition;

  void missing() {
    if (input_.error) return unknown_.add("group " + spec_.consumer_group, input_.error->what);
    for (const std::string& topic : spec_.topics)
      if (std::ranges::find(input_.topics, topic, &TopicInput::name) == input_.topics.end())
        unknown_.add("topic " + topic, kNotRead.what);
    if (input_.topics.empty() && spec_.topics.empty())
      unknown_.add("group " + spec_.consumer_group,
                   "has no commits yet, so its topics are unknown: name them in `topics`");
  }

  void topic(const TopicInput& topic) {
    if (topic.error) {
      unknown_.add("topic " + std::string(topic.name), topic.error->what);
      return;
    }
    const std::size_t count = std::max(topic.ends.size(), topic.starts.size());
    const int partitions = static_cast<int>(count);
    lag_.partitions += partitions;
    lag_.largest_topic = std::max(lag_.largest_topic, partitions);
    out_ = &lag_.topics.emplace_back();
    out_->name = topic.name;
    out_->partitions = partitions;
    if (input_.by_partition) out_->by_partition.assign(count, TopicLag::kUnknown);
    if (input_.error) return topic.history->keep_all();
    topic_ = &topic;
    oldest_ = highest_ = {};
    unbounded_ = false;
    arrived_ = consumed_ = 0;
    heavy_.reset();
    if (past_.heavy && past_.heavy->topic == topic.name) {
      heavy_ = past_.heavy->partition;
      lag_.heavy.emplace();
    }
    const std::size_t first_open = lag_.open_ages.size();
    GroupPast::Topic& past = past_.of(topic.name);
    past.partitions.resize(count);
    for (std::size_t p = 0; p < count; ++p) partition(p, past.partitions[p]);
    rates(past);
    progress_.assigned += static_cast<int>(topic.assigned.size());
    progress_.consumed += consumed_;
    all_arrived_ += arrived_;
    out_->delay = delay(first_open);
  }

  void rates(GroupPast::Topic& past) {
    if (past.taken && *past.taken < input_.taken) {
      past.arrival.add(static_cast<double>(arrived_), input_.taken - *past.taken, spec_.window);
      past.consumption.add(static_cast<double>(consumed_), input_.taken - *past.taken, spec_.window);
    }
    past.taken = input_.taken;
    out_->arrival_rate = past.arrival.per_second();
    out_->consumption_rate = past.consumption.per_second();
  }

  void partition(std::size_t p, Past& past) {
    const Reading end = at(topic_->ends, p), start = at(topic_->starts, p);
    const Reading committed = at(topic_->committed, p, Reading::of(kNoCommit));
    for (const Reading* reading : {&end, &start, &committed}) {
      if (reading->known()) continue;
      topic_->history->keep_from(p, 0);
      return unknown_.add(std::string(topic_->name) + "/" + std::to_string(p), reading->error->what);
    }
    const std::int64_t arrived_before = arrived_, consumed_before = consumed_;
    if (std::ranges::binary_search(topic_->approximate, static_cast<int>(p)))
      verdicts_.add("LagApproximate", topic_->name, p,
                    "the broker does not say, as brokers from Kafka 4.2 on do, which records after the first open one "
                    "are done with: the lag may be less, and stay above 0 though all is done");
    remember(p, past, end.value, committed.value);
    if (turns_doubtful(past, start.value, committed.value)) doubt();
    age_ = {};
    const std::int64_t lag = committed.value == kNoCommit ? without_commit(p, past, start.value)
                                                          : with_commit(p, past, start.value, committed.value);
    const bool moved = past.committed_since == input_.taken;
    const Backlog before = std::exchange(past.backlog, backlog(past, lag, moved));
    const Backlog throughout = std::min(before, past.backlog);
    if (throughout != Backlog::kNone) {
      ++progress_.backlogged;
      if (throughout == Backlog::kLong) ++progress_.long_backlogged;
      progress_.consumed_backlogged += consumed_ - consumed_before;
    }
    if (heavy_ == static_cast<int>(p)) {
      heavy_arrived_ = arrived_ - arrived_before;
      lag_.heavy->backlogged = throughout != Backlog::kNone;
      lag_.heavy->caught_up = moved && age_ < kBehind / 2;
      lag_.heavy->consumed = consumed_ - consumed_before;
    }
    ++out_->known;
    out_->lag += lag;
    if (input_.by_partition) out_->by_partition[p] = lag;
    total_ += lag;
    if (committed.value == kNoCommit || !past.tail_ignored) count(p, past, lag);
  }

  // What a commit leaves behind is what its consumer has not got to; between commits nobody knows how far it is.
  Backlog backlog(const Past& past, std::int64_t lag, bool moved) const {
    if (lag == 0 || past.tail_ignored) return Backlog::kNone;
    if (moved) return age_ >= kBacklogAge ? Backlog::kLong : age_ >= kBehind ? Backlog::kSome : Backlog::kNone;
    return std::max(past.backlog, age_ >= kBacklogAge ? Backlog::kSome : Backlog::kNone);
  }

  void count(std::size_t p, const Past& past, std::int64_t lag) {
    waiting_ += lag;
    const Waiting here{topic_->name, p, lag};
    if (age_ >= kStuckPatience && stable_since(p, past, kStuckPatience)) {
      standing_.push_back(here);
    } else if (lag > largest_.lag) {
      largest_ = here;
    }
  }

  void remember(std::size_t p, Past& past, std::int64_t end, std::int64_t committed) {
    const std::uint32_t life = topic_->history->life(p);
    // A history that was itself begun anew may count its lives from the start.
    if (past.life != life || end < past.end) {
      // All records of a partition that began anew under our eyes have arrived since we look.
      past = {.end = end,
              .first_end = past.life == 0 ? end : 0,
              .committed = committed,
              .committed_since = input_.taken,
              .life = life,
              .tail_ignored = false,
              .backlog = Backlog::kNone,
              .gone = false};
      return;
    }
    if (end != past.end) {
      arrived_ += end - past.end;
      past.end = end;
      past.tail_ignored = false;
    }
    if (committed != kNoCommit && committed != past.committed) {
      // A first commit is a place, and one that goes back is somebody's wish to read again: neither is work done.
      if (past.committed != kNoCommit && committed > past.committed) {
        consumed_ += committed - past.committed;
        past_.last_consumed = input_.taken;
      }
      past.committed = committed;
      past.committed_since = input_.taken;
      past.tail_ignored = false;
    }
  }

  // Whether this sample shows for the first time what a topic that was deleted and made again shows, long before its
  // end tells.
  bool turns_doubtful(Past& past, std::int64_t start, std::int64_t committed) const {
    const bool is_gone = committed == kNoCommit && past.committed != kNoCommit;
    const bool is_below = committed != kNoCommit && committed < start && past.committed_since == input_.taken;
    return (!std::exchange(past.gone, is_gone) && is_gone) || is_below;
  }

  void doubt() {
    if (lag_.doubtful.empty() || lag_.doubtful.back() != topic_->name) lag_.doubtful.push_back(topic_->name);
  }

  std::int64_t with_commit(std::size_t p, Past& past, std::int64_t start, std::int64_t committed) {
    if (committed > past.end) {
      topic_->history->keep_from(p, past.end);
      // Once is a commit that came between reading the end and reading the commit.
      if (input_.taken > past.committed_since) {
        verdicts_.add("OffsetInvalid", topic_->name, p,
                      "the committed offset lies beyond the end: the topic was re-created or cut; " +
                          std::string(start_words(spec_.offset_reset)));
        lag_.arrivals_without_commit |= awaits_first_commit(p, past, committed);
      }
      return 0;
    }
    const std::int64_t from = std::max(committed, start);
    const std::int64_t lag = std::max<std::int64_t>(past.end - from, 0);
    topic_->history->keep_from(p, from);
    const bool tail = lag > 0 && lag <= kLongestTail && !spec_.count_tail;
    // Kept when the group is gone afterwards: what was no work stays none until something moves.
    past.tail_ignored = tail && (past.tail_ignored || settled(p, past));
    if (past.tail_ignored)
      verdicts_.add("TailIgnored", topic_->name, p,
                    "a lag of at most 2 that has not moved while the group was stable is a commit marker: not counted");
    else if (lag > 0)
      note_age(p, from);
    return lag;
  }

  std::int64_t without_commit(std::size_t p, Past& past, std::int64_t start) {
    std::int64_t lag = 0;
    topic_->history->keep_from(p, spec_.offset_reset == api::OffsetReset::kEarliest ? start : past.end);
    if (spec_.offset_reset == api::OffsetReset::kEarliest) {
      lag = std::max<std::int64_t>(past.end - start, 0);
      if (lag > 0) note_age(p, start);
    }
    const bool vanished = past.committed != kNoCommit;
    if (vanished) {
      verdicts_.add("OffsetInvalid", topic_->name, p,
                    "the group's commit is gone, expired or deleted: " + std::string(start_words(spec_.offset_reset)));
      if (spec_.offset_reset != api::OffsetReset::kEarliest) {
        const std::int64_t from = std::max(past.committed, start);
        lag = std::max<std::int64_t>(past.end - from, 0);
        if (lag > 0) note_age(p, from);
      }
    }
    lag_.arrivals_without_commit |= awaits_first_commit(p, past, kNoCommit);
    return lag;
  }

  // Whether records arrived, or a commit vanished, and no commit has answered yet. A stable group that has had the
  // partition for a while without a new record starts from here: clients without auto-commit of positions never commit
  // what they skipped, and must be able to rest.
  bool awaits_first_commit(std::size_t p, Past& past, std::int64_t committed) const {
    const bool vanished = past.committed != kNoCommit && committed == kNoCommit;
    const bool pending = vanished || past.end > past.first_end;
    if (pending && settled(p, past) && !spec_.count_tail) {
      past.first_end = past.end;
      if (vanished) past.committed = kNoCommit;
      return false;
    }
    return pending;
  }

  bool settled(std::size_t p, const Past& past) const {
    return input_.taken - topic_->history->since(p) >= kTailPatience && stable_since(p, past, kTailPatience);
  }

  // Whether the commit has stood for so long although a member of a stable group has the partition.
  bool stable_since(std::size_t p, const Past& past, Duration time) const {
    return input_.taken - past.committed_since >= time && input_.group.known && input_.group.state == "Stable" &&
           std::ranges::binary_search(topic_->assigned, static_cast<int>(p));
  }

  void note_age(std::size_t p, std::int64_t offset) {
    topic_->history->keep_from(p, offset);
    const auto age = topic_->history->age_of(p, offset, input_.taken);
    if (!age) return;
    age_ = age->at_least;
    oldest_ = std::max(oldest_, age->at_least);
    unbounded_ |= !age->at_most;
    if (age->at_most) highest_ = std::max(highest_, *age->at_most);
    if (!age->precise() && topic_->history->may_ask(p, input_.taken))
      lag_.open_ages.push_back({topic_->name, static_cast<int>(p), *age});
  }

  // Of the topic at hand. Records that are younger than its oldest for certain need not be known better.
  api::Delay delay(std::size_t first_open) {
    const Duration known = Age::highest(oldest_);
    const auto first = lag_.open_ages.begin() + static_cast<std::ptrdiff_t>(first_open);
    lag_.open_ages.erase(
        std::remove_if(first, lag_.open_ages.end(),
                       [&](const OpenAge& open) { return open.age.at_most && *open.age.at_most <= known; }),
        lag_.open_ages.end());
    const api::Delay delay{oldest_, unbounded_ || highest_ > known};
    highest_of_all_ = std::max(highest_of_all_, highest_);
    delay_.age = std::max(delay_.age, oldest_);
    delay_.at_least |= unbounded_;
    return delay;
  }

  void sum_up() {
    lag_.total = total_;
    lag_.waiting = waiting_;
    lag_.useful = waiting_ - stuck();
    if (past_.last_known && *past_.last_known < input_.taken) {
      progress_.elapsed = input_.taken - *past_.last_known;
      lag_.progress = progress_;
    }
    heavy();
    skewed();
    past_.last_known = input_.taken;
    lag_.delay = delay_;
    lag_.delay->at_least |= highest_of_all_ > Age::highest(delay_.age);
    double arrival = 0, consumption = 0;
    for (const TopicLag& topic : lag_.topics) {
      if (!topic.arrival_rate || !topic.consumption_rate) return;
      arrival += *topic.arrival_rate;
      consumption += *topic.consumption_rate;
    }
    lag_.arrival_rate = arrival;
    lag_.consumption_rate = consumption;
  }

  // The lag of partitions whose commits stand while others go on.
  std::int64_t stuck() {
    const bool others_go_on = past_.last_consumed && input_.taken - *past_.last_consumed < kStuckPatience;
    std::int64_t lag = 0;
    for (const Waiting& standing : standing_) {
      if (!others_go_on) {
        if (standing.lag > largest_.lag) largest_ = standing;
        continue;
      }
      lag += standing.lag;
      verdicts_.add("PartitionStuck", standing.topic, standing.partition,
                    "its commit has not moved for two minutes while the group is stable and others go on: its consumer "
                    "hangs on a record; a further replica can't help, so its lag asks for none");
    }
    return lag;
  }

  void heavy() {
    if (!lag_.heavy) return;
    GroupPast::Heavy& past = *past_.heavy;
    // What arrived while nobody could look has no time of its own.
    if (lag_.progress) {
      past.arrival.add(static_cast<double>(heavy_arrived_), progress_.elapsed, kHeavyWatched);
      past.beside.add(static_cast<double>(all_arrived_ - heavy_arrived_), progress_.elapsed, kHeavyWatched);
      past.watched += progress_.elapsed;
    }
    if (past.watched < kHeavyWatched) return lag_.heavy.reset();
    lag_.heavy->topic = past.topic;
    lag_.heavy->partition = past.partition;
    lag_.heavy->arrival_rate = past.arrival.per_second().value_or(0);
    lag_.heavy->beside = past.beside.per_second().value_or(0);
  }

  void skewed() {
    const bool too_much = spec_.lag_threshold ? largest_.lag > *spec_.lag_threshold
                                              : lag_.total && delay_.age > spec_.delay_threshold.value_or(delay_.age);
    if (lag_.partitions < 2 || !too_much || largest_.lag <= *lag_.useful - largest_.lag) return;
    lag_.hot = {largest_.topic, static_cast<int>(largest_.partition), largest_.lag};
    if (!past_.heavy || past_.heavy->topic != largest_.topic || past_.heavy->partition != lag_.hot->partition)
      past_.heavy = {std::string(largest_.topic), lag_.hot->partition, {}, {}, {}};
    verdicts_.add("PartitionSkewed", largest_.topic, largest_.partition,
                  "more than half of the lag lies on it, and only one consumer can read it: when that one has nothing "
                  "else to read, a further replica can't help; spread the keys, or make the consumer faster");
  }

  // A sample that failed as a whole says nothing about what is gone.
  void forget() {
    if (input_.error || input_.topics.empty()) return;
    std::erase_if(past_.topics, [&](const GroupPast::Topic& topic) {
      return std::ranges::find(input_.topics, topic.name, &TopicInput::name) == input_.topics.end();
    });
    if (past_.heavy && std::ranges::find(input_.topics, past_.heavy->topic, &TopicInput::name) == input_.topics.end())
      past_.heavy.reset();
  }

  const GroupInput& input_;
  GroupPast& past_;
  const api::ConsumerScalerSpec& spec_;
  const TopicInput* topic_ = nullptr;  // the one at hand, and its result
  TopicLag* out_ = nullptr;
  Lag lag_;
  Verdicts verdicts_;
  Unknown unknown_;
  struct Waiting {
    std::string_view topic;
    std::size_t partition = 0;
    std::int64_t lag = 0;
  };
  std::int64_t total_ = 0, waiting_ = 0;
  Waiting largest_;                // but for those in standing_
  std::vector<Waiting> standing_;  // whose commits have not moved for long
  Progress progress_;
  api::Delay delay_;
  Duration highest_of_all_{};
  // Of the topic at hand: ages of the records that wait, and what moved since the sample before.
  Duration oldest_{}, highest_{};
  Duration age_{};  // of the oldest record of the partition at hand, at least
  bool unbounded_ = false;
  std::int64_t arrived_ = 0, consumed_ = 0;
  std::optional<int> heavy_;  // the partition that was hot last, where it is one of this topic
  std::int64_t heavy_arrived_ = 0, all_arrived_ = 0;
};

}  // namespace

bool GroupState::rebalancing() const {
  return state == "PreparingRebalance" || state == "CompletingRebalance" || state == "Assigning" ||
         state == "Reconciling" || state == "NotReady";
}

Lag compute_lag(const GroupInput& input, GroupPast& past, const api::ConsumerScalerSpec& spec) {
  return Reckoning(input, past, spec).run();
}

}  // namespace penstock::scaling
