#include "words.hpp"

#include <penstock/scaling/comparison.hpp>

#include <algorithm>
#include <cstdlib>

namespace penstock::scaling {
namespace {

// What was true before a silence longer than this says nothing about it: a tick comes each second, a late one within a
// few.
constexpr Duration kLongestStep = 30s;

bool larger(const Difference& a, const Difference& b) {
  return a.replica_seconds > b.replica_seconds;
}

void keep_largest(std::vector<Difference>& differences, Difference one) {
  if (one.length == 0s) return;
  const auto place = std::ranges::upper_bound(differences, one, larger);
  differences.insert(place, std::move(one));
  if (differences.size() > Comparison::kMostDifferences) differences.pop_back();
}

}  // namespace

Comparison::Comparison(api::ConsumerScalerSpec spec, Memory memory, WallTime since)
    : spec_(std::move(spec)), behavior_(behavior_of(spec_.behavior)), memory_(std::move(memory)) {
  out_.since = since;
  out_.delay_threshold = spec_.delay_threshold;
  out_.lag_threshold = spec_.lag_threshold;
}

void Comparison::observe(const Lag& lag, const GroupState& group, const Workload& workload, SteadyTime now,
                         WallTime wall) {
  const std::optional<int> actual = workload.current_replicas;
  pass(now);
  last_.reset();
  // Whoever takes a workload over finds its replicas as they are; one at 0 that may not be there would be woken.
  if (!replicas_ && actual) replicas_ = *actual > 0 ? *actual : spec_.min_replicas;
  if (!replicas_) return;
  Decision decision = decide(lag, group, spec_, {replicas_, std::nullopt, workload.unsettled}, memory_, now);
  memory_ = std::move(decision.memory);
  replicas_ = moved(decision, now);
  if (!decision.known || !actual) return close();
  last_ = {now, *actual, *replicas_, misses(lag, *actual)};
  count(*last_);
  differ(*last_, decision, lag, wall);
}

// As the operator moves them with the Direct engine.
int Comparison::moved(const Decision& decision, SteadyTime now) {
  const int current = *replicas_;
  if (!decision.known) return current;
  const Range range = range_of(spec_, decision.cap);
  if (current == 0) return decision.active ? first_replicas(spec_, decision.desired, range) : 0;
  const int allowed = past_.allowed(behavior_, current, decision.desired, range.min, range.max, now);
  if (decision.desired == 0) return decision.freshness == Freshness::kFresh ? 0 : current;
  const bool good = decision.freshness == Freshness::kFresh || decision.freshness == Freshness::kFallback;
  if (allowed == current || (allowed < current && !good)) return current;
  past_.scaled(current, allowed, now);
  return allowed;
}

bool Comparison::misses(const Lag& lag, int actual) const {
  if (!lag.useful || !lag.waiting) return false;
  if (actual == 0 && *lag.waiting <= spec_.activation_lag_threshold) return false;
  if (spec_.delay_threshold) return lag.delay && lag.delay->age > *spec_.delay_threshold;
  return *lag.useful > *spec_.lag_threshold * actual;
}

// The time since the last tick.
void Comparison::pass(SteadyTime now) {
  if (!last_) return;
  const Duration time = now - last_->at;
  if (time > kLongestStep) return close();
  out_.known += time;
  out_.actual.replica_seconds += last_->actual * seconds(time);
  out_.penstock.replica_seconds += last_->penstock * seconds(time);
  if (last_->missed) out_.missed += time;
  if (!open_) return;
  open_->length += time;
  open_->replica_seconds += std::abs(last_->penstock - last_->actual) * seconds(time);
}

void Comparison::count(const Instant& is) {
  if (counted_ && counted_->first != is.actual) ++out_.actual.changes;
  if (counted_ && counted_->second != is.penstock) ++out_.penstock.changes;
  counted_ = {is.actual, is.penstock};
  out_.actual.most = std::max(out_.actual.most, is.actual);
  out_.penstock.most = std::max(out_.penstock.most, is.penstock);
}

void Comparison::differ(const Instant& is, const Decision& decision, const Lag& lag, WallTime wall) {
  const int difference = is.penstock - is.actual, before = open_ ? open_->penstock - open_->actual : 0;
  if (open_ && (difference == 0 || (difference > 0) != (before > 0))) close();
  if (difference == 0) return;
  if (!open_) {
    open_.emplace();
    open_->from = wall;
    open_->goes_on = true;
  } else if (std::abs(difference) <= std::abs(before)) {
    return;
  }
  open_->actual = is.actual;
  open_->penstock = is.penstock;
  open_->lag = lag.total;
  open_->delay = lag.delay;
  open_->reason = words_of(decision);
}

void Comparison::close() {
  if (!open_) return;
  open_->goes_on = false;
  keep_largest(out_.differences, std::move(*open_));
  open_.reset();
}

std::string Comparison::words_of(const Decision& decision) const {
  std::string text;
  if (*replicas_ != decision.desired)
    text = "behavior " + std::string(*replicas_ < decision.desired ? "allows no more than " : "keeps ") +
           grouped(*replicas_);
  for (const std::string& reason : decision.reasons) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

Compared Comparison::result() const {
  Compared result = out_;
  if (open_) keep_largest(result.differences, *open_);
  return result;
}

}  // namespace penstock::scaling
