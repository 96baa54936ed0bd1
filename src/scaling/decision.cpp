#include "need.hpp"
#include "steps.hpp"
#include "words.hpp"

#include <penstock/scaling/decision.hpp>

#include <algorithm>

namespace penstock::scaling {
namespace {

// A need that is not clear, or for less than this long, asks for no further replica.
constexpr Duration kUpPatience = 2s;
constexpr Duration kReliefPatience = 10s;
// Held for this long after an error when the spec says nothing.
constexpr Duration kDefaultHold = 3min;

class Decider {
 public:
  Decider(const Lag& lag, const GroupState& group, const api::ConsumerScalerSpec& spec, const Workload& workload,
          const Memory& memory, SteadyTime now)
      : lag_(lag), group_(group), spec_(spec), workload_(workload), now_(now) {
    out_.memory = memory;
  }

  Decision run() {
    if (!memory_.started) memory_.started = now_;
    if (group_.known && !group_.assignor.empty()) memory_.last_assignor = group_.assignor;
    if (group_.known && !group_.type.empty()) {
      memory_.shares = group_.type == "Share";
      // A Streams group whose members are all gone still has its tasks.
      if (group_.type != "Streams" || group_.tasks > 0) memory_.last_tasks = group_.tasks;
    }
    // Several members of a share group read one partition.
    if (lag_.total)
      memory_.last_cap = memory_.shares ? 0 : feedable_replicas(lag_, memory_.last_assignor, memory_.last_tasks, spec_);
    out_.cap = spec_.cap_to_partitions ? memory_.last_cap : 0;
    bounds_ = bounds_of(spec_, out_.cap);
    learn(lag_, group_, spec_, workload_, memory_, now_);
    if (memory_.consumer_capacity) out_.replica_capacity = *memory_.consumer_capacity * spec_.consumers_per_replica;
    if (lag_.total && lag_.waiting && lag_.useful) {
      fresh();
    } else {
      unknown();
    }
    if (out_.known) {
      keep_published();
      clamp();
      out_.active = out_.desired > 0;
      const bool is_fresh = out_.freshness == Freshness::kFresh;
      out_.metric = metric_for(out_.desired, is_fresh ? lag_.useful : std::nullopt, spec_, bounds_, current());
      memory_.last_desired = out_.desired;
    }
    return std::move(out_);
  }

 private:
  void fresh() {
    out_.known = true;
    out_.freshness = Freshness::kFresh;
    memory_.last_good = now_;
    const bool busy = *lag_.waiting > spec_.activation_lag_threshold || lag_.arrivals_without_commit;
    if (busy) memory_.last_active = now_;
    const Need need = need_of(lag_, group_, spec_, workload_, memory_, now_, out_.reasons);
    if (lag_.arrivals_without_commit) say("records arrived that no commit has answered yet: at least 1 replica");
    out_.desired = steady(need);
    if (spec_.even_spread) spread();
    wake_or_rest(busy);
    const bool rebalancing = spec_.hold_during_rebalance && group_.known && group_.rebalancing();
    if (rebalancing && held() > out_.desired) hold("the group is rebalancing");
    if (workload_.unsettled && held() > out_.desired) hold("brokers of the platform are not ready");
  }

  // One more or one less only when it is meant: lag that wavers around a step must not make the workload waver.
  int steady(const Need& wanted) {
    if (!current() || *current() == 0) {
      memory_.need_above_since = memory_.need_below_since = memory_.relief_since = std::nullopt;
      return std::max(wanted.replicas, wanted.relief);
    }
    const int now_running = *current(), relief = lasting_relief(wanted.relief, now_running);
    const int need = std::max(wanted.replicas, relief);
    since(memory_.need_above_since, std::max(wanted.clearly, wanted.relief) > now_running);
    since(memory_.need_below_since, need < now_running);
    if (need == now_running + 1 && need < bounds_.upper && !lasted(memory_.need_above_since, kUpPatience)) {
      say("one replica more is not clearly needed yet: stays at " + grouped(now_running));
      return now_running;
    }
    if (need == now_running - 1 && need > 0 && !lasted(memory_.need_below_since, spec_.window)) {
      say("one replica fewer only after a window of " + format_duration(spec_.window) + ": stays at " +
          grouped(now_running));
      return now_running;
    }
    return need;
  }

  // A rate that rises passes by what would be relieved, and the load as it will be may need other replicas.
  int lasting_relief(int relief, int now_running) {
    since(memory_.relief_since, relief > now_running);
    if (relief <= now_running || lasted(memory_.relief_since, kReliefPatience)) return relief;
    say("replicas for relief only when they have been needed for " + format_duration(kReliefPatience));
    return now_running;
  }

  void spread() {
    if (memory_.shares) return;
    const int feedable = feedable_members(lag_, memory_.last_assignor, memory_.last_tasks);
    const int even = even_step(out_.desired, feedable, std::max(spec_.consumers_per_replica, 1));
    if (even == out_.desired) return;
    out_.limited_by = "EvenSpread";
    say("only " + count(even, "replica") + " relieve the fullest consumer: even spread");
    out_.desired = even;
  }

  // Between 0 and 1 it is activity that counts, and the cooldown.
  void wake_or_rest(bool busy) {
    if (bounds_.lower > 0) {
      if (busy) out_.desired = std::max(out_.desired, 1);
      return;
    }
    if (busy) {
      if (out_.desired < 1) out_.desired = 1;
      return;
    }
    // A workload that runs when we first see it has been wanted by somebody: it rests after a cooldown from now.
    if (!memory_.last_active && current().value_or(0) > 0) memory_.last_active = now_;
    if (memory_.last_active && now_ - *memory_.last_active < spec_.cooldown) {
      out_.desired = std::max(out_.desired, 1);
      say("idle: kept until the cooldown of " + format_duration(spec_.cooldown) + " ends");
    } else {
      out_.desired = 0;
      out_.limited_by.clear();
      say("idle for longer than the cooldown of " + format_duration(spec_.cooldown) + ": 0 replicas");
    }
  }

  void unknown() {
    const std::string why = lag_.error.empty() ? "the lag is unknown" : lag_.error;
    const Duration hold_for = spec_.fallback ? spec_.fallback->after : kDefaultHold;
    const SteadyTime since_when = memory_.last_good.value_or(*memory_.started);
    const bool waiting = now_ - since_when < hold_for;
    if (!memory_.last_good && (waiting || !spec_.fallback)) {
      out_.freshness = Freshness::kNever;
      say("never sampled: " + why);
      return;
    }
    if (waiting) {
      out_.known = true;
      out_.freshness = Freshness::kStale;
      say(why);
      hold("the last good value is held for " + format_duration(hold_for));
      return;
    }
    out_.freshness = Freshness::kFallback;
    say(why);
    if (!spec_.fallback) {
      say("held for " + format_duration(hold_for) + " and no fallback is set: no answer");
      return;
    }
    fall_back(*spec_.fallback);
  }

  void fall_back(const api::Fallback& fallback) {
    const std::optional<int> running = current() ? current() : memory_.last_desired;
    std::optional<int> replicas = fallback.replicas;
    if (fallback.policy == api::FallbackPolicy::kCurrent) replicas = running;
    if (fallback.policy == api::FallbackPolicy::kCurrentIfHigher)
      replicas = std::max(fallback.replicas, running.value_or(0));
    if (!replicas) return say("fallback to the current replicas, which are not known: no answer");
    out_.known = true;
    out_.desired = *replicas;
    say("unknown for longer than " + format_duration(fallback.after) + ": fallback to " + count(*replicas, "replica"));
  }

  // A hold never scales in, whatever HPA's own plans were.
  int held() const {
    return std::max(
        {out_.desired, current().value_or(0), workload_.hpa_desired.value_or(0), memory_.last_desired.value_or(0)});
  }
  void hold(const std::string& why) {
    out_.desired = held();
    say(why + ": no scale-in below " + grouped(out_.desired));
  }

  void keep_published() {
    const int published = memory_.published_desired.value_or(0);
    if (out_.desired >= published || now_ - *memory_.started >= spec_.window) return;
    say("just started: not below the " + grouped(published) + " decided before");
    out_.desired = published;
  }

  void clamp() {
    if (out_.desired > bounds_.upper) {
      out_.limited_by = bounds_.upper_name;
      say(bounds_.upper_name == "Partitions" ? cap_words() : "at most " + grouped(bounds_.upper) + ": maxReplicas");
      out_.desired = bounds_.upper;
    } else if (out_.desired < bounds_.lower) {
      out_.limited_by = "MinReplicas";
      say("at least " + grouped(bounds_.lower) + ": minReplicas");
      out_.desired = bounds_.lower;
    }
  }

  std::string cap_words() const {
    const std::string start = "capped at " + grouped(out_.cap) + ": ";
    if (!lag_.total) return start + "as many as the partitions could feed when last seen";
    const int feedable = feedable_members(lag_, memory_.last_assignor, memory_.last_tasks);
    std::string what = lag_.topics.size() == 1 ? lag_.topics.front().name + " has " : "the topics have ";
    if (memory_.last_tasks > 0)
      what = "the Streams group has ";
    else if (feedable != lag_.partitions)
      what = "with the " + memory_.last_assignor + " assignor the largest topic feeds ";
    what += count(feedable, memory_.last_tasks > 0 ? "task" : "partition");
    if (spec_.consumers_per_replica > 1)
      what += " for " + grouped(spec_.consumers_per_replica) + " consumers a replica";
    return start + what;
  }

  std::optional<int> current() const { return workload_.current_replicas; }
  void since(std::optional<SteadyTime>& start, bool holds) const {
    if (!holds) {
      start.reset();
    } else if (!start) {
      start = now_;
    }
  }
  bool lasted(const std::optional<SteadyTime>& start, Duration time) const { return start && now_ - *start >= time; }
  void say(std::string reason) { out_.reasons.push_back(std::move(reason)); }

  const Lag& lag_;
  const GroupState& group_;
  const api::ConsumerScalerSpec& spec_;
  const Workload& workload_;
  const SteadyTime now_;
  Decision out_;
  Memory& memory_ = out_.memory;
  Bounds bounds_;
};

}  // namespace

std::string_view to_string(Freshness freshness) {
  switch (freshness) {
    case Freshness::kFresh:
      return "Fresh";
    case Freshness::kStale:
      return "Stale";
    case Freshness::kFallback:
      return "Fallback";
    case Freshness::kNever:
      return "Never";
  }
  return "Never";
}

Decision decide(const Lag& lag, const GroupState& group, const api::ConsumerScalerSpec& spec, const Workload& workload,
                const Memory& memory, SteadyTime now) {
  return Decider(lag, group, spec, workload, memory, now).run();
}

}  // namespace penstock::scaling
