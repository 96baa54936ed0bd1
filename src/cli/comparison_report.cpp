#include <penstock/cli/comparison_report.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace penstock::cli {
namespace {

WallTime time_of(std::int64_t unix_ms) {
  return WallTime{Duration{unix_ms}};
}

std::string hours(double replica_seconds) {
  return fmt::format("{:.1f}", replica_seconds / 3600);
}

std::string minutes(std::int64_t ms) {
  return fmt::format("{:.1f}", static_cast<double>(ms) / 60'000);
}

// What is missed, as the decision takes it: the delay where there are both.
std::string missed(const v1::Comparison& comparison) {
  if (comparison.has_delay_threshold_ms())
    return "Minutes with a delay above " + format_duration(Duration{comparison.delay_threshold_ms()});
  return "Minutes with a lag above " + std::to_string(comparison.lag_threshold()) + " a replica";
}

Table sides(const v1::Comparison& comparison) {
  const auto &actual = comparison.actual(), &penstock = comparison.penstock();
  const Duration period{std::max<std::int64_t>(comparison.until_ms() - comparison.since_ms(), 0)};
  Table table;
  table.columns = {
      {"SINCE " + format_time(time_of(comparison.since_ms())) + ", FOR " + short_delay(period, false), false},
      {"ACTUAL", true},
      {"PENSTOCK", true}};
  table.rows = {{"Replica-hours", hours(actual.replica_seconds()), hours(penstock.replica_seconds())},
                {"Changes", std::to_string(actual.changes()), std::to_string(penstock.changes())},
                {"Most replicas", std::to_string(actual.most()), std::to_string(penstock.most())},
                {missed(comparison),
                 {minutes(comparison.missed_ms()), comparison.missed_ms() > 0 ? Tone::kWarn : Tone::kPlain},
                 kNothing}};
  return table;
}

Table differences(const v1::Comparison& comparison) {
  Table table;
  table.columns = {{"FROM", false}, {"FOR", true},   {"ACTUAL", true}, {"PENSTOCK", true},
                   {"LAG", true},   {"DELAY", true}, {"WHY", false}};
  for (const auto& one : comparison.differences())
    table.rows.push_back(
        {format_time(time_of(one.from_ms())), short_delay(Duration{one.length_ms()}, one.goes_on()),
         std::to_string(one.actual()), std::to_string(one.penstock()),
         one.has_lag() ? std::to_string(one.lag()) : kUnknown,
         one.has_delay_ms() ? short_delay(Duration{one.delay_ms()}, one.delay_is_at_least()) : kUnknown, one.reason()});
  return table;
}

OrderedJson json_of(const v1::Comparison::Side& side) {
  return {{"replicaHours", side.replica_seconds() / 3600}, {"changes", side.changes()}, {"mostReplicas", side.most()}};
}

OrderedJson json_of(const v1::Comparison::Difference& difference) {
  OrderedJson json{{"from", format_micro_time(time_of(difference.from_ms()))},
                   {"lengthMs", difference.length_ms()},
                   {"goesOn", difference.goes_on()},
                   {"replicaHours", difference.replica_seconds() / 3600},
                   {"actual", difference.actual()},
                   {"penstock", difference.penstock()}};
  json["lag"] = difference.has_lag() ? OrderedJson(difference.lag()) : OrderedJson();
  json["delayMs"] = difference.has_delay_ms() ? OrderedJson(difference.delay_ms()) : OrderedJson();
  if (difference.has_delay_ms()) json["delayIsAtLeast"] = difference.delay_is_at_least();
  json["reason"] = difference.reason();
  return json;
}

OrderedJson json_of(const v1::Comparison& comparison) {
  OrderedJson json{{"namespace", comparison.namespace_()},
                   {"name", comparison.name()},
                   {"since", format_micro_time(time_of(comparison.since_ms()))},
                   {"until", format_micro_time(time_of(comparison.until_ms()))},
                   {"knownMs", comparison.known_ms()},
                   {"actual", json_of(comparison.actual())},
                   {"penstock", json_of(comparison.penstock())}};
  json["delayThresholdMs"] =
      comparison.has_delay_threshold_ms() ? OrderedJson(comparison.delay_threshold_ms()) : OrderedJson();
  json["lagThreshold"] = comparison.has_lag_threshold() ? OrderedJson(comparison.lag_threshold()) : OrderedJson();
  json["missedMs"] = comparison.missed_ms();
  json["differences"] = OrderedJson::array();
  for (const auto& difference : comparison.differences()) json["differences"].push_back(json_of(difference));
  return json;
}

}  // namespace

Answer answer_of(const v1::Comparison& comparison) {
  Answer answer;
  answer.value = {{"source", "penstock"}, {"comparison", json_of(comparison)}};
  answer.table = sides(comparison);
  answer.more = differences(comparison);
  const Duration known{comparison.known_ms()};
  answer.notes.push_back("Counted since penstock-scaler started or the spec last changed, for the " +
                         short_delay(known, false) +
                         " in which both numbers were known. The lag is what the actual replicas left; what Penstock's "
                         "would have left is not known.");
  if (known == 0s)
    answer.problems.emplace_back(
        "nothing is compared yet: the decision or status.currentReplicas is unknown, see kubectl penstock explain");
  answer.complete = answer.problems.empty();
  return answer;
}

}  // namespace penstock::cli
