#include "consumer_scaler_json.hpp"

#include <penstock/api/consumer_scaler.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace penstock::api {

namespace {

constexpr std::size_t kMostVerdicts = 64, kMostPartitions = 1000, kMostDecisions = 10;
constexpr std::size_t kWordLimit = 128;
constexpr std::string_view kAtLeast = "≥ ";

GroupStatus read_group(const Field& f) {
  GroupStatus group;
  f["type"].read(group.type);
  f["state"].read(group.state);
  f["assignor"].read(group.assignor);
  f["members"].read(group.members);
  return group;
}

Verdict read_verdict(const Field& f) {
  Verdict verdict;
  f["type"].read(verdict.type);
  f["topic"].read(verdict.topic);
  f["message"].read(verdict.message);
  f["partitions"].for_each([&](const Field& item) { item.read(verdict.partitions.emplace_back()); });
  return verdict;
}

DecisionRecord read_decision(const Field& f) {
  DecisionRecord record;
  f["time"].read(record.time);
  f["lag"].read(record.lag);
  f["from"].read(record.from);
  f["to"].read(record.to);
  f["limitedBy"].read(record.limited_by);
  f["reason"].read(record.reason);
  return record;
}

void read_rate(const Field& f, std::optional<double>& rate) {
  std::string text;
  f.read(text);
  rate = parse_rate(text);
}

ConsumerScalerStatus read_scaler_status(const Json& object) {
  Problems ignored;
  const Field f = Field(object, "", ignored)["status"];
  ConsumerScalerStatus status;
  f["observedGeneration"].read(status.observed_generation);
  status.conditions = read_conditions(f);
  f["lag"].read(status.lag);
  std::string delay;
  f["delay"].read(delay);
  status.delay = parse_delay(delay);
  read_rate(f["arrivalRate"], status.arrival_rate);
  read_rate(f["consumptionRate"], status.consumption_rate);
  read_rate(f["replicaCapacity"], status.replica_capacity);
  f["partitions"].read(status.partitions);
  f["cap"].read(status.cap);
  f["currentReplicas"].read(status.current_replicas);
  f["desiredReplicas"].read(status.desired_replicas);
  f["active"].read(status.active);
  f["limitedBy"].read(status.limited_by);
  if (f["engine"].present()) f["engine"].read(status.engine.emplace(Engine::kAuto), engine_names());
  if (status.engine == Engine::kAuto) status.engine.reset();
  f["engineReason"].read(status.engine_reason);
  if (f["group"].present()) status.group = read_group(f["group"]);
  f["verdicts"].for_each([&](const Field& item) { status.verdicts.push_back(read_verdict(item)); });
  f["decisions"].for_each([&](const Field& item) { status.decisions.push_back(read_decision(item)); });
  f["lastActiveTime"].read(status.last_active);
  f["plan"].read(status.plan);
  return status;
}

Json print_group(const GroupStatus& group) {
  Json out{{"members", group.members}};
  put(out, "type", clipped(group.type, kWordLimit));
  put(out, "state", clipped(group.state, kWordLimit));
  put(out, "assignor", clipped(group.assignor, kWordLimit));
  return out;
}

Json print_verdict(const Verdict& verdict) {
  Json out{{"type", clipped(verdict.type, kWordLimit)}, {"message", clipped(verdict.message, kLineLimit)}};
  put(out, "topic", verdict.topic);
  for (const int partition : verdict.partitions) {
    if (out["partitions"].size() == kMostPartitions) break;
    out["partitions"].push_back(partition);
  }
  return out;
}

Json print_decision(const DecisionRecord& record) {
  Json out{{"time", format_time(record.time)}, {"from", record.from}, {"to", record.to}};
  put_optional(out, "lag", record.lag);
  put(out, "limitedBy", clipped(record.limited_by, kWordLimit));
  put(out, "reason", clipped(record.reason, kLineLimit));
  return out;
}

}  // namespace

Result<ConsumerScaler> parse_consumer_scaler(const Json& object) {
  Problems problems;
  const Field root(object, "", problems);
  ConsumerScaler scaler;
  scaler.meta = read_meta(root, ConsumerScaler::kKind);
  scaler.spec = read_consumer_scaler_spec(root["spec"].required());
  scaler.status = read_scaler_status(object);
  return problems.or_value(std::move(scaler));
}

Json print(const ConsumerScaler& scaler) {
  return print_object(ConsumerScaler::kKind, scaler.meta, print_consumer_scaler_spec(scaler.spec),
                      print_status(scaler.status));
}

std::string to_string(const Delay& delay) {
  return std::string(delay.at_least ? kAtLeast : "") + format_duration(delay.age);
}

std::optional<Delay> parse_delay(std::string_view text) {
  const bool at_least = text.starts_with(kAtLeast);
  if (at_least) text.remove_prefix(kAtLeast.size());
  const auto age = parse_duration(text);
  if (!age) return std::nullopt;
  return Delay{*age, at_least};
}

std::string format_rate(double per_second) {
  int decimals = 0;
  for (double from = 100; per_second > 0 && per_second < from && decimals < 6; from /= 10) ++decimals;
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::min(per_second, 1e18),
                                 std::chars_format::fixed, decimals);
  return {text.data(), end.ptr};
}

std::optional<double> parse_rate(std::string_view text) {
  double rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !(rate >= 0)) return std::nullopt;
  return rate;
}

Json print_status(const ConsumerScalerStatus& status) {
  Json out = print_status_head(status.observed_generation, status.conditions);
  put_optional(out, "lag", status.lag);
  if (status.delay) out["delay"] = to_string(*status.delay);
  if (status.arrival_rate) out["arrivalRate"] = format_rate(*status.arrival_rate);
  if (status.consumption_rate) out["consumptionRate"] = format_rate(*status.consumption_rate);
  if (status.replica_capacity) out["replicaCapacity"] = format_rate(*status.replica_capacity);
  put_optional(out, "partitions", status.partitions);
  put_optional(out, "cap", status.cap);
  put_optional(out, "currentReplicas", status.current_replicas);
  put_optional(out, "desiredReplicas", status.desired_replicas);
  put_optional(out, "active", status.active);
  put(out, "limitedBy", clipped(status.limited_by, kWordLimit));
  if (status.engine) out["engine"] = to_string(*status.engine);
  put(out, "engineReason", clipped(status.engine_reason, kLineLimit));
  if (status.group) out["group"] = print_group(*status.group);
  for (const auto& verdict : status.verdicts) {
    if (out["verdicts"].size() == kMostVerdicts) break;
    out["verdicts"].push_back(print_verdict(verdict));
  }
  for (const auto& record : status.decisions) {
    if (out["decisions"].size() == kMostDecisions) break;
    out["decisions"].push_back(print_decision(record));
  }
  if (status.last_active) out["lastActiveTime"] = format_time(*status.last_active);
  put(out, "plan", clipped(status.plan, kMostLines, kLineLimit));
  return out;
}

}  // namespace penstock::api
