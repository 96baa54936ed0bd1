#include <penstock/scaler/engine.hpp>

#include <algorithm>

namespace penstock::scaler {
namespace {

Error refused(const std::string& why) {
  return {Code::kForbidden, why, Retry::later()};
}

void fail_all(scaling::GroupInput& input, const api::ConsumerScalerSpec& spec, const Error& error) {
  for (const std::string& topic : spec.topics) input.topics.insert_or_assign(topic, std::unexpected(error));
  // A group whose topics are found out has none to blame: its own name stands for them.
  if (spec.topics.empty()) input.topics.insert_or_assign("of group " + spec.consumer_group, std::unexpected(error));
}

scaling::GroupState state_of(const Result<kafka::GroupInfo>& info) {
  if (!info) return {};
  return {true, info->type, info->state, info->assignor, info->members, info->assigned};
}

std::optional<WallTime> wall_of(const std::optional<SteadyTime>& time, SteadyTime now, WallTime wall) {
  if (!time) return std::nullopt;
  return wall - (now - *time);
}

}  // namespace

std::vector<Round> plan_rounds(const std::vector<Subject>& subjects) {
  struct Growing {
    Round round;
    std::map<std::string, std::size_t> place;
  };
  // By isolation, and by whether the topics are named or found out.
  std::map<std::pair<bool, bool>, Growing> rounds;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    if (!subjects[i].refusal.empty()) continue;
    const auto& spec = subjects[i].scaler->spec;
    auto& [round, place] = rounds[{spec.read_committed, spec.topics.empty()}];
    const auto [found, is_new] = place.try_emplace(spec.consumer_group, round.plan.groups.size());
    if (is_new) round.plan.groups.push_back({spec.consumer_group, {}, spec.read_committed});
    round.plan.groups[found->second].topics.insert(spec.topics.begin(), spec.topics.end());
    round.subjects.push_back(i);
  }
  std::vector<Round> result;
  for (auto& [kind, growing] : rounds) result.push_back(std::move(growing.round));
  return result;
}

scaling::GroupInput input_of(const Result<kafka::Sample>& sample, const api::ConsumerScalerSpec& spec, SteadyTime now) {
  scaling::GroupInput input;
  input.taken = now;
  if (!sample) {
    fail_all(input, spec, sample.error());
    return input;
  }
  input.taken = sample->taken;
  const auto found = sample->groups.find(spec.consumer_group);
  if (found == sample->groups.end()) {
    fail_all(input, spec, Error{Code::kUnavailable, "was not read", Retry::later()});
    return input;
  }
  const kafka::GroupSample& group = found->second;
  input.group = state_of(group.info);
  const auto wanted = [&](const std::string& topic) {
    return spec.topics.empty() || std::find(spec.topics.begin(), spec.topics.end(), topic) != spec.topics.end();
  };
  for (const auto& [topic, partitions] : group.partitions)
    if (wanted(topic)) input.topics.insert_or_assign(topic, partitions);
  for (const auto& [where, offsets] : group.offsets)
    if (wanted(where.first))
      input.partitions.emplace(where, scaling::PartitionInput{offsets.end, offsets.start, offsets.committed});
  return input;
}

std::vector<std::shared_ptr<Entry>> Engine::tick(const std::vector<Subject>& subjects,
                                                 const std::vector<const Result<kafka::Sample>*>& samples,
                                                 SteadyTime now, WallTime wall) {
  ++tick_;
  std::vector<std::shared_ptr<Entry>> entries;
  entries.reserve(subjects.size());
  for (std::size_t i = 0; i < subjects.size(); ++i) entries.push_back(decide(subjects[i], samples[i], now, wall));
  std::erase_if(pasts_, [&](const auto& past) { return past.second.tick != tick_; });
  return entries;
}

Engine::Past& Engine::past_of(const api::ConsumerScaler& scaler, SteadyTime now, WallTime wall) {
  const k8s::ObjectKey key{scaler.meta.ns, scaler.meta.name};
  auto [found, is_new] = pasts_.try_emplace(key);
  Past& past = found->second;
  if (is_new || past.uid != scaler.meta.uid) {
    past = Past{};
    past.uid = scaler.meta.uid;
    past.memory.published_desired = scaler.status.desired_replicas;
    // A clock that went back must not put the last activity into the future.
    if (scaler.status.last_active)
      past.memory.last_active = now - std::max(Duration{0}, Duration{wall - *scaler.status.last_active});
  }
  const auto& spec = scaler.spec;
  if (past.group_id != spec.consumer_group || past.topics != spec.topics ||
      past.read_committed != spec.read_committed) {
    past.group_id = spec.consumer_group;
    past.topics = spec.topics;
    past.read_committed = spec.read_committed;
    past.history = {};
  }
  past.tick = tick_;
  return past;
}

std::shared_ptr<Entry> Engine::decide(const Subject& subject, const Result<kafka::Sample>* sample, SteadyTime now,
                                      WallTime wall) {
  const api::ConsumerScaler& scaler = *subject.scaler;
  const Result<kafka::Sample> nothing = std::unexpected(
      subject.refusal.empty() ? Error{Code::kUnavailable, "was not read", Retry::later()} : refused(subject.refusal));
  Past& past = past_of(scaler, now, wall);
  const scaling::GroupInput input = input_of(sample ? *sample : nothing, scaler.spec, now);
  scaling::Lag lag = scaling::compute_lag(input, past.history, scaler.spec);
  if (!subject.refusal.empty()) lag.error = subject.refusal;

  auto entry = std::make_shared<Entry>();
  entry->decision = scaling::decide(lag, input.group, scaler.spec,
                                    {scaler.status.current_replicas, subject.hpa_desired}, past.memory, now);
  past.memory = entry->decision.memory;
  entry->key = {scaler.meta.ns, scaler.meta.name};
  entry->uid = scaler.meta.uid;
  entry->generation = scaler.meta.generation;
  entry->group_id = scaler.spec.consumer_group;
  entry->target = std::max<std::int64_t>(scaler.spec.lag_threshold, 1);
  entry->lag = lag.total;
  entry->delay = lag.delay;
  entry->partitions = lag.partitions;
  entry->group = {input.group.type, input.group.state, input.group.assignor, input.group.members};
  entry->verdicts = std::move(lag.verdicts);
  entry->error = std::move(lag.error);
  entry->last_active = wall_of(past.memory.last_active, now, wall);
  entry->decided = now;
  entry->decided_at = wall;
  return entry;
}

}  // namespace penstock::scaler
