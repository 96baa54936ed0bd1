#include "need.hpp"

#include "steps.hpp"
#include "words.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::scaling {
namespace {

// A rate that was watched for less says little about what comes in commits of several seconds.
constexpr Duration kLeastMeasured = 10s;
// Consumers that have got nothing done for so long are blocked, which is no measure of what they can do.
constexpr Duration kBlocked = 30s;

// Consumers commit every 5 s by default: what arrived in two of these intervals may be consumed already, and else waits
// its turn. It asks for nobody beside those whom the arrivals ask for.
constexpr Duration kCommits = 10s;

// What one backlog has taught may be a fifth too low: commits come in steps, and new members have just joined. While
// nothing waits, that much more is tried once; if it was wrong the next backlog teaches better.
constexpr double kDoubt = 0.2;

// What gets so many times as much as other partitions is not only behind, but heavy.
constexpr double kHeavy = 2;

// One partition is worth no more than so many times what all of them need: the consumer of one of a thousand has it for
// itself when there are a thousand.
constexpr int kMostRelief = 4;

// What waits on a hot partition is worked off within this time, where its consumer can.
constexpr Duration kCaughtUp = 5min;

// A need that lies within this much of the next replica count is not clear.
constexpr double kDeadBand = 0.1;

int rounded_up(double exact) {
  constexpr double kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::min(std::ceil(exact - 1e-6), kMost));
}

Need just(int replicas) {
  return {replicas, replicas};
}

std::string rate_words(double per_second) {
  return (per_second < 1000 ? api::format_rate(per_second) : grouped(std::llround(per_second))) + "/s";
}

// Consumers that the replicas run and that have not joined the group, while new replicas may still be starting.
int starting(const GroupState& group, const api::ConsumerScalerSpec& spec, const Workload& workload,
             const Memory& memory, SteadyTime now) {
  if (!group.known || !workload.current_replicas || !memory.replicas_rose) return 0;
  if (now - *memory.replicas_rose >= spec.startup) return 0;
  return std::max(*workload.current_replicas * spec.consumers_per_replica - group.members, 0);
}

class Needs {
 public:
  Needs(const Lag& lag, const GroupState& group, const api::ConsumerScalerSpec& spec, const Workload& workload,
        const Memory& memory, SteadyTime now, std::vector<std::string>& reasons)
      : lag_(lag),
        spec_(spec),
        memory_(memory),
        reasons_(reasons),
        current_(workload.current_replicas.value_or(0)),
        starting_(starting(group, spec, workload, memory, now)),
        now_(now) {
    if (memory.consumer_capacity) capacity_ = *memory.consumer_capacity * spec.consumers_per_replica;
    backlog_ = *lag.useful;
    if (starting_ == 0 || !memory.consumer_capacity) return;
    const double missed = starting_ * *memory.consumer_capacity * seconds(now - *memory.replicas_rose);
    const auto credit = std::min(backlog_, static_cast<std::int64_t>(missed));
    if (credit == 0) return;
    backlog_ -= credit;
    say(grouped(credit) + " records wait for " + count(starting_, "consumer") + " still starting");
  }

  Need run() {
    Need need = by_thresholds();
    const int relief = std::min(relief_of_heavy(), kMostRelief * std::max(need.replicas, 1));
    if (relief <= need.replicas) return need;
    say(lag_.heavy->topic + "/" + std::to_string(lag_.heavy->partition) + " alone gets " +
        rate_words(lag_.heavy->arrival_rate) + ": " + count(relief, "replica") + " relieve its consumer of others");
    need.relief = relief;
    return need;
  }

 private:
  Need by_thresholds() {
    Need need;
    if (spec_.lag_threshold) need = by_lag(*spec_.lag_threshold);
    if (!spec_.delay_threshold) return need;
    const Need other = by_delay(*spec_.delay_threshold);
    if (!spec_.lag_threshold) return other;
    const bool later = other.replicas > need.replicas;
    say(later ? "the delay needs more than the lag" : "the lag needs at least as much as the delay");
    return later ? other : need;
  }

  // A partition that gets more than others needs a consumer with few others beside it, or none; and where none keeps up
  // with it, as much work as one does. 0: no more than others.
  int relief_of_heavy() const {
    if (!lag_.heavy || !memory_.heavy_capacity || memory_.shares) return 0;
    const int partitions = feedable_members(lag_, memory_.last_assignor, memory_.last_tasks);
    const double heavy = lag_.heavy->arrival_rate, capacity = *memory_.heavy_capacity;
    const double others = lag_.heavy->beside, other = others / std::max(partitions - 1, 1);
    if (heavy <= 0 || heavy < kHeavy * other) return 0;
    if (heavy >= capacity) return ceil_div(rounded_up(others / capacity + 1), spec_.consumers_per_replica);
    const bool hot = lag_.hot && lag_.hot->topic == lag_.heavy->topic && lag_.hot->partition == lag_.heavy->partition;
    const double behind = hot ? static_cast<double>(lag_.hot->lag) / seconds(kCaughtUp) : 0;
    const double beside = std::max(capacity - heavy - behind, 0.0);  // records a second of other partitions
    if (beside >= others) return 0;
    const int together = 1 + static_cast<int>(beside / other);
    return ceil_div(ceil_div(partitions, together), spec_.consumers_per_replica);
  }

  Need by_lag(std::int64_t threshold) {
    const auto need_for = [&](std::int64_t records) {
      const double exact = static_cast<double>(records) / static_cast<double>(threshold);
      return Need{replicas_for(records, threshold), rounded_up(exact - kDeadBand)};
    };
    const Need need = need_for(backlog_);
    say("lag " + grouped(backlog_) + " at " + grouped(threshold) + " a replica needs " +
        count(need.replicas, "replica"));
    return lag_.hot ? cooled(need, need_for(without_hot(threshold))) : need;
  }

  Need by_delay(Duration threshold) {
    if (!capacity_ || *capacity_ <= 0) return by_ratio(threshold);
    const double arrival = lag_.arrival_rate.value_or(0);
    const double uncommitted = arrival * seconds(std::min(kCommits, threshold / 3));
    const auto beyond = [&](std::int64_t records) { return std::max(static_cast<double>(records) - uncommitted, 0.0); };
    const std::int64_t late = std::llround(beyond(backlog_));
    const double capacity = late == 0 ? *capacity_ * (1 + doubt()) : *capacity_;
    const auto need_for = [&](std::int64_t records) {
      const double exact = (arrival + beyond(records) / seconds(threshold)) / capacity;
      return Need{spread(exact), spread(exact - kDeadBand)};
    };
    const Need need = need_for(backlog_);
    say(rate_words(arrival) + " arriving" +
        (late == 0
             ? ""
             : " and " + grouped(late) + " that wait for more than a commit, within " + format_duration(threshold)) +
        ", at " + rate_words(capacity) + " a replica, need " + count(need.replicas, "replica"));
    const auto in_time = static_cast<std::int64_t>(*capacity_ * seconds(threshold));
    return lag_.hot ? cooled(need, need_for(without_hot(in_time))) : need;
  }

  double doubt() const { return memory_.lessons == 1 ? kDoubt : 0; }

  // Partitions can't be halved: of 9 replicas on 12 partitions the fullest three have two each, so that all together
  // get no more done than 6. The fewest whose fullest consumer keeps up.
  int spread(double exact) const {
    const int least = rounded_up(exact < 0.001 ? 0 : exact);
    if (least <= 0 || memory_.shares) return std::max(least, 0);
    const int partitions = feedable_members(lag_, memory_.last_assignor, memory_.last_tasks),
              each = spec_.consumers_per_replica;
    for (int replicas = least; replicas * each < partitions; ++replicas) {
      const int fullest = ceil_div(partitions, replicas * each);
      if (static_cast<double>(partitions) / fullest >= exact * each - 1e-6) return replicas;
    }
    return std::max(least, ceil_div(partitions, each));
  }

  // As long as nobody knows what a replica gets done: twice as many while records wait for too long, once a start-up;
  // one fewer while they wait for less than half of what they may.
  Need by_ratio(Duration threshold) {
    if (backlog_ == 0 && *lag_.waiting == 0) return {};
    if (current_ == 0) {
      say("a first replica, since nobody knows yet what one consumes");
      return just(1);
    }
    const Duration age = lag_.delay ? lag_.delay->age : Duration{};
    const std::string words =
        "the oldest record waits for " + format_duration(std::chrono::floor<std::chrono::seconds>(age)) + ", ";
    if (age > threshold) {
      if (lag_.hot || starting_ > 0 || (memory_.replicas_rose && now_ - *memory_.replicas_rose < spec_.startup)) {
        say(words + "more than " + format_duration(threshold) + ": stays until the last step shows");
        return just(current_);
      }
      say(words + "more than " + format_duration(threshold) + ": up to twice the replicas");
      return just(rounded_up(current_ * std::min(seconds(age) / seconds(threshold), 2.0)));
    }
    if (age > threshold / 2) return just(current_);
    if (memory_.heavy_capacity && lag_.arrival_rate) {
      const double capacity = *memory_.heavy_capacity * spec_.consumers_per_replica;
      const int enough = std::min(std::max(spread(*lag_.arrival_rate / capacity), 1), current_);
      say(words + "and " + rate_words(*lag_.arrival_rate) + " arriving, at the " + rate_words(capacity) +
          " of the replica with the hot partition, need " + count(enough, "replica"));
      return just(enough);
    }
    say(words + "less than half of " + format_duration(threshold) + ": one replica fewer may do");
    return just(std::max(current_ - 1, 1));
  }

  // One partition has one consumer: what lies on it beyond one replica's share asks for nobody, but is no reason to
  // take away who is there either.
  std::int64_t without_hot(std::int64_t share) const {
    const std::int64_t hot = std::min(lag_.hot->lag, backlog_);
    return backlog_ - hot + std::min(hot, share);
  }
  Need cooled(const Need& need, const Need& rest) {
    const Need floor = rest.replicas >= current_ ? rest : just(current_);
    if (floor.replicas >= need.replicas) return need;
    say("without what lies on " + std::string(lag_.hot->topic) + "/" + std::to_string(lag_.hot->partition) + ": " +
        count(floor.replicas, "replica"));
    return floor;
  }

  void say(std::string reason) { reasons_.push_back(std::move(reason)); }

  const Lag& lag_;
  const api::ConsumerScalerSpec& spec_;
  const Memory& memory_;
  std::vector<std::string>& reasons_;
  const int current_;
  const int starting_;  // consumers
  const SteadyTime now_;
  std::optional<double> capacity_;  // of a replica
  std::int64_t backlog_ = 0;
};

// False while nothing can be said of what was done.
bool measure(Throughput& consumer, double records, bool answered, Duration elapsed, Duration window) {
  consumer.records += records;
  consumer.unanswered += elapsed;
  if (!answered) return false;
  // A first answer holds what was consumed before anybody measured, or in the pause of a rebalance.
  if (!consumer.begun) {
    consumer.begin();
    consumer.begun = true;
    return false;
  }
  records = std::exchange(consumer.records, 0);
  const Duration time = std::exchange(consumer.unanswered, Duration{});
  if (time >= kBlocked) return false;
  consumer.rate.add(records, time, window);
  consumer.measured += time;
  return true;
}

// The consumer of a heavy partition that has a backlog is at its limit, whatever the others do: it gets done what it
// consumes there and, of its other partitions, as much as is consumed of any. One that has caught up gets done at least
// what arrives.
void learn_heavy(const Lag& lag, const GroupState& group, const api::ConsumerScalerSpec& spec, Memory& memory) {
  const Progress& progress = *lag.progress;
  const HeavyPartition& heavy = *lag.heavy;
  const int partitions = progress.assigned > 0 ? progress.assigned : lag.partitions;
  const double others = std::max(static_cast<double>(partitions) / group.members - 1, 0.0);
  const int beside = std::max(partitions - 1, 1);
  if (!heavy.backlogged) {
    memory.heavy_consumer.begin();
    if (memory.heavy_capacity && heavy.caught_up)
      memory.heavy_capacity = std::max(*memory.heavy_capacity, heavy.arrival_rate + others * heavy.beside / beside);
    return;
  }
  const auto of_others = static_cast<double>(progress.consumed - heavy.consumed) / beside;
  const double done = static_cast<double>(heavy.consumed) + others * of_others;
  Throughput& consumer = memory.heavy_consumer;
  if (!measure(consumer, done, heavy.consumed > 0, progress.elapsed, spec.window)) return;
  if (consumer.measured >= kLeastMeasured) memory.heavy_capacity = consumer.rate.per_second();
}

}  // namespace

void learn(const Lag& lag, const GroupState& group, const api::ConsumerScalerSpec& spec, const Workload& workload,
           Memory& memory, SteadyTime now) {
  if (workload.current_replicas) {
    if (memory.last_current && *workload.current_replicas > *memory.last_current) memory.replicas_rose = now;
    memory.last_current = workload.current_replicas;
  }
  if (!lag.progress || !group.known || group.state != "Stable" || group.members <= 0 || lag.partitions == 0) {
    memory.consumer.begin();
    memory.heavy_consumer.begin();
    return;
  }
  if (std::exchange(memory.members, group.members) != group.members) {
    memory.consumer.begin();
    memory.heavy_consumer = {};  // it has other partitions beside now
  }
  if (lag.heavy && !memory.shares) learn_heavy(lag, group, spec, memory);
  if (lag.hot) return memory.consumer.begin();
  const Progress& progress = *lag.progress;
  const int partitions = progress.assigned > 0 ? progress.assigned : lag.partitions;
  const int consumers = std::min(group.members, partitions), fullest = ceil_div(partitions, consumers);
  if (progress.backlogged < fullest) {
    memory.consumer.begin();
    // What was seen without a backlog is the least that the fullest consumer can do.
    const bool watched = memory.started && now - *memory.started >= 2 * spec.window;
    if (memory.consumer_capacity && watched && lag.consumption_rate)
      memory.consumer_capacity = std::max(*memory.consumer_capacity, *lag.consumption_rate / consumers);
    return;
  }
  // Where not all consumers have enough to do, those are at their limit that have the most partitions.
  const bool all = progress.backlogged >= consumers;
  const double busy = all ? consumers : static_cast<double>(progress.backlogged) / fullest;
  const auto records = static_cast<double>(all ? progress.consumed : progress.consumed_backlogged);
  if (!measure(memory.consumer, records / busy, progress.consumed_backlogged > 0, progress.elapsed, spec.window))
    return;
  if (!memory.last_lesson || now - *memory.last_lesson > 2 * spec.window) ++memory.lessons;
  memory.last_lesson = now;
  if (memory.consumer.measured < kLeastMeasured) return;
  // Records may also wait for work in batches: what they teach is the least, unless they wait for longer than that.
  const double seen = memory.consumer.rate.per_second().value_or(0);
  const bool is_limit = progress.long_backlogged >= fullest;
  memory.consumer_capacity = is_limit ? seen : std::max(memory.consumer_capacity.value_or(0), seen);
}

Need need_of(const Lag& lag, const GroupState& group, const api::ConsumerScalerSpec& spec, const Workload& workload,
             const Memory& memory, SteadyTime now, std::vector<std::string>& reasons) {
  return Needs(lag, group, spec, workload, memory, now, reasons).run();
}

}  // namespace penstock::scaling
