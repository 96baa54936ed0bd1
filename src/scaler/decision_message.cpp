#include "decision_message.hpp"

namespace penstock::scaler {
namespace {

v1::Freshness freshness_of(scaling::Freshness freshness) {
  switch (freshness) {
    case scaling::Freshness::kFresh:
      return v1::FRESH;
    case scaling::Freshness::kStale:
      return v1::STALE;
    case scaling::Freshness::kFallback:
      return v1::FALLBACK;
    case scaling::Freshness::kNever:
      return v1::NEVER;
  }
  return v1::NEVER;
}

std::int64_t unix_ms(WallTime time) {
  return time.time_since_epoch().count();
}

void fill(const scaling::Side& side, v1::Comparison::Side& message) {
  message.set_replica_seconds(side.replica_seconds);
  message.set_changes(side.changes);
  message.set_most(side.most);
}

void fill(const scaling::Difference& difference, v1::Comparison::Difference& message) {
  message.set_from_ms(unix_ms(difference.from));
  message.set_length_ms(difference.length.count());
  message.set_goes_on(difference.goes_on);
  message.set_replica_seconds(difference.replica_seconds);
  message.set_actual(difference.actual);
  message.set_penstock(difference.penstock);
  if (difference.lag) message.set_lag(*difference.lag);
  if (difference.delay) {
    message.set_delay_ms(difference.delay->age.count());
    message.set_delay_is_at_least(difference.delay->at_least);
  }
  message.set_reason(difference.reason);
}

}  // namespace

void fill(const Entry& entry, v1::Decision& message) {
  const scaling::Decision& decision = entry.decision;
  message.set_namespace_(entry.key.ns);
  message.set_name(entry.key.name);
  message.set_uid(entry.uid);
  message.set_generation(entry.generation);
  message.set_decided_at_ms(unix_ms(entry.decided_at()));
  message.set_known(decision.known);
  message.set_desired(decision.desired);
  message.set_active(decision.active);
  message.set_metric(decision.metric);
  message.set_target(static_cast<double>(entry.target));
  message.set_limited_by(decision.limited_by);
  for (const std::string& reason : decision.reasons) message.add_reasons(reason);
  message.set_lag_known(entry.lag.has_value());
  message.set_lag(entry.lag.value_or(0));
  message.set_partitions(entry.partitions);
  message.set_cap(decision.cap);
  message.set_freshness(freshness_of(decision.freshness));
  message.set_error(entry.error);
  message.mutable_group()->set_id(entry.group_id);
  message.mutable_group()->set_type(entry.group.type);
  message.mutable_group()->set_state(entry.group.state);
  message.mutable_group()->set_members(entry.group.members);
  message.mutable_group()->set_assignor(entry.group.assignor);
  for (const api::Verdict& verdict : entry.verdicts) {
    auto* added = message.add_verdicts();
    added->set_type(verdict.type);
    added->set_topic(verdict.topic);
    added->set_message(verdict.message);
    added->mutable_partitions()->Add(verdict.partitions.begin(), verdict.partitions.end());
  }
  message.set_delay_known(entry.delay.has_value());
  message.set_delay_ms(entry.delay ? entry.delay->age.count() : 0);
  message.set_delay_is_at_least(entry.delay && entry.delay->at_least);
  if (entry.arrival_rate) message.set_arrival_rate(*entry.arrival_rate);
  if (entry.consumption_rate) message.set_consumption_rate(*entry.consumption_rate);
  if (decision.replica_capacity) message.set_replica_capacity(*decision.replica_capacity);
  message.set_last_active_ms(entry.last_active ? unix_ms(*entry.last_active) : 0);
}

void fill(const Entry& entry, const scaling::Compared& compared, v1::Comparison& message) {
  message.set_namespace_(entry.key.ns);
  message.set_name(entry.key.name);
  message.set_uid(entry.uid);
  message.set_generation(entry.generation);
  message.set_since_ms(unix_ms(compared.since));
  message.set_until_ms(unix_ms(entry.decided_at()));
  message.set_known_ms(compared.known.count());
  fill(compared.actual, *message.mutable_actual());
  fill(compared.penstock, *message.mutable_penstock());
  message.set_missed_ms(compared.missed.count());
  if (compared.delay_threshold) message.set_delay_threshold_ms(compared.delay_threshold->count());
  if (compared.lag_threshold) message.set_lag_threshold(*compared.lag_threshold);
  for (const scaling::Difference& difference : compared.differences) fill(difference, *message.add_differences());
}

}  // namespace penstock::scaler
