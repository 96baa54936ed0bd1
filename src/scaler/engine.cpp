#include <penstock/scaler/engine.hpp>
#include <penstock/scaling/probes.hpp>

#include <algorithm>

namespace penstock::scaler {
namespace {

// Each probe is a lookup in the leader's indexes; so many a second are nothing to a cluster, and as many partitions are
// known within a few seconds of a start.
constexpr std::size_t kMostProbes = 500;
// How long a partition is left alone when the answer about it was none, or no help.
constexpr Duration kProbeAgain = 30s;
// Bounds that are near each other, and could be nearer, wait this long for the company of others.
constexpr Duration kAskCloser = 5s;

bool is_near(const scaling::Age& age) {
  return age.at_most && *age.at_most <= age.at_least + age.at_least / 2;
}

k8s::ObjectKey key_of(const api::ConsumerScaler& scaler) {
  return {scaler.meta.ns, scaler.meta.name};
}

bool is_same(const api::ConsumerScaler& a, const api::ConsumerScaler& b) {
  return &a == &b || (a.meta.uid == b.meta.uid && a.meta.name == b.meta.name && a.meta.ns == b.meta.ns);
}

std::optional<WallTime> wall_of(const std::optional<SteadyTime>& time, SteadyTime now, WallTime wall) {
  if (!time) return std::nullopt;
  return wall - (now - *time);
}

// A group that has committed nothing to a topic does not read it, as far as anybody can tell.
bool has_commit(const std::vector<Reading>& committed) {
  return std::ranges::any_of(committed, [](const Reading& r) { return !r.known() || r.value != kNoCommit; });
}

std::int64_t metric_target_of(const api::ConsumerScaler& scaler) {
  return scaler.spec.metric_target();
}

bool same_decision(const scaling::Decision& a, const scaling::Decision& b) {
  return a.known == b.known && a.desired == b.desired && a.active == b.active && a.metric == b.metric &&
         a.limited_by == b.limited_by && a.cap == b.cap && a.freshness == b.freshness &&
         a.replica_capacity == b.replica_capacity && a.reasons == b.reasons;
}

bool same_group(const api::GroupStatus& a, const scaling::GroupState& b) {
  return a.type == b.type && a.state == b.state && a.assignor == b.assignor && a.members == b.members;
}

// Whether an entry made of these would differ in nothing.
bool still_says(const Entry& entry, const api::ConsumerScaler& scaler, const scaling::Lag& lag,
                const scaling::Decision& decision, const scaling::GroupState& group,
                const std::optional<WallTime>& last_active) {
  return entry.generation == scaler.meta.generation && entry.target == metric_target_of(scaler) &&
         entry.lag == lag.total && entry.delay == lag.delay && entry.arrival_rate == lag.arrival_rate &&
         entry.consumption_rate == lag.consumption_rate && entry.partitions == lag.partitions &&
         entry.topics == lag.topics && entry.error == lag.error && entry.last_active == last_active &&
         entry.verdicts == lag.verdicts && same_group(entry.group, group) && same_decision(entry.decision, decision);
}

scaling::GroupState state_of(const Result<kafka::GroupInfo>& info) {
  if (!info) return {};
  return {true, info->type, info->state, info->assignor, info->members, info->tasks};
}

}  // namespace

const kafka::SamplePlan& Engine::plan(const std::vector<Subject>& subjects) {
  if (follow(subjects)) make_plan();
  return plan_;
}

bool Engine::follow(const std::vector<Subject>& subjects) {
  bool changed = subjects.size() != pasts_.size();
  for (std::size_t i = 0; !changed && i < subjects.size(); ++i)
    changed = !is_same(*pasts_[i]->scaler, *subjects[i].scaler);
  if (changed) {
    std::map<k8s::ObjectKey, std::unique_ptr<Past>> known;
    for (auto& past : pasts_) {
      auto key = key_of(*past->scaler);
      known.insert_or_assign(std::move(key), std::move(past));
    }
    pasts_.clear();
    for (const Subject& subject : subjects) {
      const auto found = known.find(key_of(*subject.scaler));
      const bool is_known =
          found != known.end() && found->second && found->second->scaler->meta.uid == subject.scaler->meta.uid;
      pasts_.push_back(is_known ? std::move(found->second) : std::make_unique<Past>());
    }
  }
  for (std::size_t i = 0; i < subjects.size(); ++i) changed |= follow(*pasts_[i], subjects[i]);
  return changed;
}

bool Engine::follow(Past& past, const Subject& subject) {
  const bool was_refused = std::exchange(past.refused, !subject.refusal.empty());
  if (past.scaler == subject.scaler) return past.refused != was_refused;
  past.scaler = subject.scaler;
  const auto& spec = subject.scaler->spec;
  Wish wish{spec.consumer_group, spec.topics, spec.read_committed};
  std::ranges::sort(wish.topics);
  wish.topics.erase(std::ranges::unique(wish.topics).begin(), wish.topics.end());
  if (wish == past.wish) return past.refused != was_refused;
  past.wish = std::move(wish);
  past.edition = 0;
  past.group = {};
  return true;
}

void Engine::make_plan() {
  plan_.groups.clear();
  std::unordered_map<std::string_view, std::size_t> place;
  for (const auto& past : pasts_) {
    if (past->refused) continue;
    const Wish& wish = past->wish;
    const auto [found, is_new] = place.try_emplace(wish.group, plan_.groups.size());
    if (is_new) plan_.groups.push_back({.id = wish.group, .topics = {}});
    auto& group = plan_.groups[found->second];
    group.topics.insert(wish.topics.begin(), wish.topics.end());
    group.committed_topics |= wish.topics.empty();
    (wish.stable_ends ? group.stable_ends : group.ends) = true;
  }
}

std::vector<std::shared_ptr<Entry>> Engine::tick(const std::vector<Subject>& subjects,
                                                 const Result<kafka::Sample>* sample, SteadyTime now, WallTime wall) {
  plan(subjects);
  open_ages_.clear();
  plan_.doubtful.clear();
  if (sample && *sample) {
    observe(**sample);
    learn(**sample);
  }
  std::vector<std::shared_ptr<Entry>> entries;
  entries.reserve(subjects.size());
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    decide(subjects[i], *pasts_[i], sample, now, wall);
    entries.push_back(pasts_[i]->entry);
  }
  beat_->decided.store(now, std::memory_order_relaxed);
  beat_->decided_at.store(wall, std::memory_order_relaxed);
  if (sample && *sample) ask(**sample);
  return entries;
}

// A topic that can't be read keeps its past; one that nobody asks for any more loses it.
void Engine::observe(const kafka::Sample& sample) {
  for (auto& [name, topic] : topics_) topic.sample = nullptr;
  for (const auto& [name, result] : sample.topics) {
    const auto [place, is_new] = topics_.try_emplace(name);
    if (is_new) ++edition_;
    Topic& topic = place->second;
    topic.sample = &result;
    if (!result) continue;
    topic.ends.observe(result->id, result->ends, sample.taken);
    if (!result->stable_ends.empty()) topic.stable_ends.observe(result->id, result->stable_ends, sample.taken);
  }
  if (std::erase_if(topics_, [](const auto& topic) { return !topic.second.sample; }) > 0) ++edition_;
}

void Engine::learn(const kafka::Sample& sample) {
  const auto put_off = [&](const kafka::Probe& probe, SteadyTime until) {
    const auto found = topics_.find(probe.topic);
    if (found == topics_.end()) return;
    found->second.ends.put_off(static_cast<std::size_t>(probe.partition), until);
    found->second.stable_ends.put_off(static_cast<std::size_t>(probe.partition), until);
  };
  for (const kafka::Probe& asked : plan_.probes) put_off(asked, sample.taken + kProbeAgain);
  for (const kafka::ProbeAnswer& answer : sample.probes) {
    const auto found = topics_.find(answer.probe.topic);
    if (found == topics_.end() || !answer.offset.known() || answer.probe.partition < 0) continue;
    const scaling::ProbeResult result{answer.probe.time, answer.offset.value, answer.record_time};
    bool learnt = false;
    for (auto* history : {&found->second.ends, &found->second.stable_ends})
      learnt |=
          scaling::learn(*history, static_cast<std::size_t>(answer.probe.partition), result, sample.wall, sample.taken);
    if (learnt) put_off(answer.probe, sample.taken);
  }
}

void Engine::ask(const kafka::Sample& sample) {
  plan_.probes.clear();
  const bool can_wait = options_.patient && asked_ && sample.taken - *asked_ < kAskCloser;
  if (open_ages_.empty() ||
      (can_wait && std::ranges::all_of(open_ages_, [](const auto& open) { return is_near(open.age); })))
    return;
  asked_ = sample.taken;
  for (auto& probe : scaling::propose_probes(open_ages_, sample.wall, kMostProbes))
    plan_.probes.push_back({std::move(probe.topic), probe.partition, probe.time});
}

Engine::Topic* Engine::find_topic(const std::string& name) {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

void Engine::add_topic(const std::string& name, Topic* topic, const kafka::GroupSample& group, bool stable_ends) {
  if (!topic) return;
  scaling::TopicInput& input = input_topics_.emplace_back();
  input.name = name;
  if (!*topic->sample) {
    input.error = &topic->sample->error();
    return;
  }
  const kafka::TopicSample& read = **topic->sample;
  input.ends = stable_ends ? read.stable_ends : read.ends;
  input.starts = read.starts;
  input.history = stable_ends ? &topic->stable_ends : &topic->ends;
  if (const auto committed = group.committed.find(name); committed != group.committed.end())
    input.committed = committed->second;
  if (const auto approximate = group.approximate.find(name); approximate != group.approximate.end())
    input.approximate = approximate->second;
  if (!group.info || !group.info->assigned) return;
  if (const auto assigned = group.info->assigned->find(name); assigned != group.info->assigned->end())
    input.assigned = assigned->second;
}

// The part of a sample that one ConsumerScaler asked for.
void Engine::add_input(const kafka::Sample& sample, Past& past, scaling::GroupInput& input) {
  input.taken = sample.taken;
  const auto found = sample.groups.find(past.wish.group);
  if (found == sample.groups.end()) {
    input.error = &kNotRead;
    return;
  }
  const kafka::GroupSample& group = found->second;
  input.group = state_of(group.info);
  if (!group.commits) input.error = &group.commits.error();
  if (past.edition != edition_) {
    past.edition = edition_;
    past.topics.clear();
    for (const std::string& topic : past.wish.topics) past.topics.push_back(find_topic(topic));
  }
  for (std::size_t i = 0; i < past.topics.size(); ++i)
    add_topic(past.wish.topics[i], past.topics[i], group, past.wish.stable_ends);
  if (past.wish.topics.empty())
    for (const auto& [topic, committed] : group.committed)
      if (has_commit(committed)) add_topic(topic, find_topic(topic), group, past.wish.stable_ends);
  input.topics = input_topics_;
}

void Engine::decide(const Subject& subject, Past& past, const Result<kafka::Sample>* sample, SteadyTime now,
                    WallTime wall) {
  const api::ConsumerScaler& scaler = *subject.scaler;
  if (std::exchange(past.is_new, false)) {
    past.memory.published_desired = scaler.status.desired_replicas;
    if (scaler.status.replica_capacity)
      past.memory.consumer_capacity = *scaler.status.replica_capacity / scaler.spec.consumers_per_replica;
    // A clock that went back must not put the last activity into the future.
    if (scaler.status.last_active)
      past.memory.last_active = now - std::max(Duration{0}, Duration{wall - *scaler.status.last_active});
  }
  scaling::GroupInput input;
  input.taken = now;
  input.by_partition = options_.by_partition;
  input_topics_.clear();
  if (past.refused || !sample) {
    input.error = &kNotRead;
  } else if (!*sample) {
    input.error = &sample->error();
  } else {
    add_input(**sample, past, input);
  }
  scaling::Lag lag = scaling::compute_lag(input, past.group, scaler.spec);
  open_ages_.insert(open_ages_.end(), lag.open_ages.begin(), lag.open_ages.end());
  plan_.doubtful.insert(lag.doubtful.begin(), lag.doubtful.end());
  if (past.refused) lag.error = subject.refusal;
  const scaling::Workload workload{scaler.status.current_replicas, subject.hpa_desired, subject.unsettled};
  compare(past, lag, input.group, workload, now, wall);

  scaling::Decision decision = scaling::decide(lag, input.group, scaler.spec, workload, past.memory, now);
  // The same moment stays the same time whatever the clocks do meanwhile.
  const bool moved = !past.entry || decision.memory.last_active != past.memory.last_active;
  const std::optional<WallTime> last_active =
      moved ? wall_of(decision.memory.last_active, now, wall) : past.entry->last_active;
  past.memory = std::move(decision.memory);
  if (past.entry && still_says(*past.entry, scaler, lag, decision, input.group, last_active)) return;
  past.entry = make_entry(scaler, std::move(lag), std::move(decision), input.group, last_active);
  past.entry->comparison = past.comparison;
}

// Before the decision, so that both begin with the same memory.
void Engine::compare(Past& past, const scaling::Lag& lag, const scaling::GroupState& group,
                     const scaling::Workload& workload, SteadyTime now, WallTime wall) {
  const api::ConsumerScaler& scaler = *past.scaler;
  if (scaler.spec.mode != api::Mode::kObserve) {
    past.comparison.reset();
    return;
  }
  if (!past.comparison || past.comparison->generation() != scaler.meta.generation)
    past.comparison = std::make_shared<LiveComparison>(scaler, past.memory, wall);
  past.comparison->observe(lag, group, workload, now, wall);
}

std::shared_ptr<Entry> Engine::make_entry(const api::ConsumerScaler& scaler, scaling::Lag lag,
                                          scaling::Decision decision, const scaling::GroupState& group,
                                          std::optional<WallTime> last_active) const {
  auto entry = std::make_shared<Entry>();
  entry->key = key_of(scaler);
  entry->uid = scaler.meta.uid;
  entry->generation = scaler.meta.generation;
  entry->group_id = scaler.spec.consumer_group;
  entry->target = metric_target_of(scaler);
  entry->decision = std::move(decision);
  entry->lag = lag.total;
  entry->delay = lag.delay;
  entry->arrival_rate = lag.arrival_rate;
  entry->consumption_rate = lag.consumption_rate;
  entry->partitions = lag.partitions;
  entry->topics = std::move(lag.topics);
  entry->group = {group.type, group.state, group.assignor, group.members};
  entry->verdicts = std::move(lag.verdicts);
  entry->error = std::move(lag.error);
  entry->last_active = last_active;
  entry->beat = beat_;
  return entry;
}

}  // namespace penstock::scaler
