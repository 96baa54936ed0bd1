#include "status.hpp"

#include <cstdlib>

namespace penstock::op::consumer_scaler {
namespace {

using api::ConditionStatus;
using penstock::v1::Freshness;

constexpr std::size_t kDecisionsKept = 10;
constexpr Duration kGroupEvery = 5s;        // a rebalance is many small changes
constexpr Duration kLastActiveEvery = 60s;  // a restarted scaler may count a cooldown this much too short

class Teller {
 public:
  Teller(api::ConsumerScalerStatus& status, const Observed& observed, WallTime now)
      : status_(status), o_(observed), now_(now) {}

  void run() {
    if (o_.replicas) status_.current_replicas = o_.replicas;
    if (o_.decision) {
      numbers(*o_.decision);
      if (o_.decision->known()) decided(*o_.decision);
    }
    freshness();
  }

 private:
  void set(const char* type, bool value, const std::string& reason, const std::string& message) {
    status_.conditions.set(type, value ? ConditionStatus::kTrue : ConditionStatus::kFalse, reason, message,
                           o_.scaler.meta.generation, now_);
  }

  void numbers(const Decision& d) {
    if (d.lag_known()) status_.lag = d.lag();
    if (d.delay_known()) {
      status_.delay =
          api::Delay{std::chrono::floor<std::chrono::seconds>(Duration(d.delay_ms())), d.delay_is_at_least()};
    } else if (d.lag_known()) {
      status_.delay.reset();
    }
    if (d.has_arrival_rate()) status_.arrival_rate = d.arrival_rate();
    if (d.has_consumption_rate()) status_.consumption_rate = d.consumption_rate();
    if (d.has_replica_capacity()) status_.replica_capacity = d.replica_capacity();
    if (d.partitions() > 0) status_.partitions = d.partitions();
    if (d.has_group() && !(d.group().state().empty() && d.group().type().empty()))
      status_.group = api::GroupStatus{d.group().type(), d.group().state(), d.group().assignor(), d.group().members()};
    status_.verdicts.clear();
    for (const auto& verdict : d.verdicts())
      status_.verdicts.push_back({verdict.type(),
                                  verdict.topic(),
                                  {verdict.partitions().begin(), verdict.partitions().end()},
                                  verdict.message()});
    if (d.last_active_ms() > 0) {
      const WallTime last{Duration(d.last_active_ms())};
      if (!status_.last_active || last > *status_.last_active) status_.last_active = last;
    }
  }

  void decided(const Decision& d) {
    if (d.cap() > 0) {
      status_.cap = d.cap();
    } else {
      status_.cap.reset();
    }
    if (status_.desired_replicas != d.desired()) {
      api::DecisionRecord record;
      record.time = now_;
      if (d.lag_known()) record.lag = d.lag();
      record.from = status_.desired_replicas.value_or(o_.replicas.value_or(0));
      record.to = d.desired();
      record.limited_by = d.limited_by();
      record.reason = in_words(d);
      status_.decisions.insert(status_.decisions.begin(), std::move(record));
      if (status_.decisions.size() > kDecisionsKept) status_.decisions.resize(kDecisionsKept);
    }
    status_.desired_replicas = d.desired();
    status_.limited_by = d.limited_by();
    status_.active = d.active();
    set("Active", d.active(), d.active() ? "Lag" : "Idle",
        d.active() ? "there is work for at least one replica"
                   : "there is no work, or only less than the activation threshold");
    const bool limited = !d.limited_by().empty();
    set("Limited", limited, limited ? d.limited_by() : "WithinBounds",
        limited ? "a bound holds the number of replicas, see limitedBy" : "no bound holds the number of replicas");
  }

  void freshness() {
    if (!heard(o_)) {
      set("Stale", true, "ScalerSilent",
          "nothing is heard from penstock-scaler, so replicas are not lowered" +
              (o_.feed_problem.empty() ? std::string() : ": " + o_.feed_problem));
      return;
    }
    if (!o_.decision) return;
    const Decision& d = *o_.decision;
    switch (d.freshness()) {
      case Freshness::STALE:
      case Freshness::FALLBACK:
      case Freshness::NEVER:
        set("Stale", true, d.freshness() == Freshness::NEVER ? "NeverSampled" : "SamplesFailing",
            d.error().empty() ? "the lag can't be read at the moment" : d.error());
        break;
      default:
        set("Stale", false, "Fresh", "the lag is being read");
    }
    const bool fallback = d.freshness() == Freshness::FALLBACK;
    set("Fallback", fallback, fallback ? "LagUnknown" : "LagKnown",
        fallback ? "the lag has been unknown for too long: the spec's `fallback` decides, or replicas are held"
                 : "replicas follow the lag");
  }

  api::ConsumerScalerStatus& status_;
  const Observed& o_;
  WallTime now_;
};

std::optional<Duration> age_of(const std::optional<api::Delay>& delay) {
  return delay ? std::optional(delay->age) : std::nullopt;
}

template <class T>
bool moved(const std::optional<T>& was, const std::optional<T>& is) {
  if (was.has_value() != is.has_value()) return true;
  if (!was) return false;
  const auto number = [](const T& value) {
    if constexpr (std::is_same_v<T, Duration>) {
      return static_cast<double>(value.count());
    } else {
      return static_cast<double>(value);
    }
  };
  return std::abs(number(*is) - number(*was)) > 0.1 * std::abs(number(*was));
}

// Rates waver all the time: twice or half is news, and so are the first record and the last.
bool of_other_size(const std::optional<double>& was, const std::optional<double>& is) {
  if (was.has_value() != is.has_value()) return true;
  if (!was || *was == *is) return false;
  return *was == 0 || *is == 0 || *is >= 2 * *was || *is <= *was / 2;
}

// The conditions of `is` with the messages of `was` where only these differ.
api::Conditions without_new_words(const api::Conditions& was, const api::Conditions& is) {
  api::Conditions out = is;
  for (const api::Condition& old : was.all())
    if (const api::Condition* now = is.find(old.type); now && now->status == old.status && now->reason == old.reason)
      out.set(old.type, old.status, old.reason, old.message, old.observed_generation, old.last_transition);
  return out;
}

}  // namespace

bool heard(const Observed& observed) {
  return observed.silence <= kFeedSilence;
}

std::string in_words(const Decision& decision) {
  std::string out;
  for (const std::string& reason : decision.reasons()) out += (out.empty() ? "" : "; ") + reason;
  return out;
}

void tell_decision(api::ConsumerScalerStatus& status, const Observed& observed, WallTime now) {
  Teller(status, observed, now).run();
}

std::vector<Action> events(const api::ConsumerScalerStatus& was, const api::ConsumerScalerStatus& is,
                           const Decision* decision) {
  std::vector<Action> out;
  if (was.current_replicas && is.current_replicas && *was.current_replicas != *is.current_replicas) {
    std::string note =
        "replicas went from " + std::to_string(*was.current_replicas) + " to " + std::to_string(*is.current_replicas);
    if (decision) note += ": " + in_words(*decision);
    out.push_back(EmitEvent{false, "Scaled", "Scale", std::move(note)});
  }
  const bool before = was.conditions.is_true("Fallback"), after = is.conditions.is_true("Fallback");
  if (after && !before)
    out.push_back(EmitEvent{true, "FallbackBegan", "Scale",
                            "the lag has been unknown for too long" +
                                (decision && !decision->error().empty() ? ": " + decision->error() : std::string())});
  if (before && !after) out.push_back(EmitEvent{false, "FallbackEnded", "Scale", "the lag is known again"});
  if (const api::Condition* conflict = is.conditions.find("Conflict");
      conflict && conflict->status == ConditionStatus::kTrue && !was.conditions.is_true("Conflict"))
    out.push_back(EmitEvent{true, "Conflict", "Reconcile", conflict->message});
  return out;
}

bool worth_writing(const api::ConsumerScalerStatus& was, const api::ConsumerScalerStatus& is, Duration since) {
  api::ConsumerScalerStatus rest = is;
  rest.lag = was.lag;
  rest.delay = was.delay;
  rest.arrival_rate = was.arrival_rate;
  rest.consumption_rate = was.consumption_rate;
  rest.replica_capacity = was.replica_capacity;
  rest.last_active = was.last_active;
  rest.conditions = without_new_words(was.conditions, is.conditions);
  if (since < kGroupEvery) rest.group = was.group;
  if (rest != was) return true;
  if (since < kNumbersEvery) return false;
  if (moved(was.lag, is.lag) || moved(age_of(was.delay), age_of(is.delay)) ||
      of_other_size(was.arrival_rate, is.arrival_rate) || of_other_size(was.consumption_rate, is.consumption_rate) ||
      of_other_size(was.replica_capacity, is.replica_capacity) || is.conditions != was.conditions)
    return true;
  return is.last_active != was.last_active &&
         (!was.last_active || !is.last_active || *is.last_active - *was.last_active >= kLastActiveEvery);
}

}  // namespace penstock::op::consumer_scaler
