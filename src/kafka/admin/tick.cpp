#include "tick.hpp"

#include "cluster.hpp"
#include "topics.hpp"

namespace penstock::kafka {
namespace {

// Starts only move with retention: a start a few seconds old is a bound that is good enough.
constexpr Duration kStartRefresh = 10s;
constexpr Duration kStartTrust = 30s;

std::set<Edge> edges_of(const SamplePlan::Group& group) {
  std::set<Edge> edges;
  if (group.ends) edges.insert(Edge::kEnd);
  if (group.stable_ends) edges.insert(Edge::kStableEnd);
  return edges;
}

}  // namespace

Tick::Tick(Handle& handle, TopicCache& topics, GroupCache& groups, const SamplePlan& plan, const Clock& clock,
           Duration timeout, std::stop_token stop)
    : handle_(handle),
      known_(topics),
      known_groups_(groups),
      clock_(clock),
      now_(clock.now()),
      taken_(now_),
      wall_(clock.wall()),
      stop_(stop),
      batch_(handle, timeout, stop) {
  groups_.reserve(plan.groups.size());
  for (const SamplePlan::Group& group : plan.groups) groups_.push_back({.plan = &group});
}

Result<Sample> Tick::run() {
  std::set<std::string> topics, ids;
  for (const Group& group : groups_) {
    ids.insert(group.plan->id);
    const auto its = topics_of(group);
    topics.insert(its.begin(), its.end());
  }
  known_.keep_only(topics);
  known_groups_.keep_only(ids);

  ask_commits();
  look_up(topics);
  ask_descriptions();
  // A coordinator that hangs must not keep the other groups waiting for their ends; its own groups' ends are asked for
  // again should it answer after all.
  batch_.run_until([&] { return commits_missing_ == 0 && lookups_missing_ == 0; }, batch_.left() / 3);
  ends_wanted_ = true;
  taken_ = clock_.now();
  wall_ = clock_.wall();
  std::vector<Group*> all;
  for (Group& group : groups_) all.push_back(&group);
  want_ends(all);
  batch_.run();
  return build();
}

std::set<std::string> Tick::topics_of(const Group& group) {
  std::set<std::string> topics = group.plan->topics;
  if (group.plan->committed_topics) {
    const auto& committed = known_groups_.of(group.plan->id).committed_topics;
    topics.insert(committed.begin(), committed.end());
  }
  return topics;
}

void Tick::failed(const Error& error) {
  if (!first_failure_) first_failure_ = error;
}

void Tick::ask_commits() {
  commits_missing_ = groups_.size();
  for (Group& group : groups_)
    submit_commits(batch_, handle_, group.plan->id, [this, &group](Result<Commits> commits) {
      --commits_missing_;
      group.answered = true;
      group.commits = std::move(commits);
      if (!group.commits) return failed(group.commits.error());
      any_answer_ = true;
      auto& remembered = known_groups_.of(group.plan->id).committed_topics;
      remembered.clear();
      for (const auto& [topic, partitions] : *group.commits) {
        remembered.insert(topic);
        if (!partitions.empty()) known_.mention(topic, partitions.rbegin()->first);
      }
      if (ends_wanted_) want_ends({&group});
    });
}

void Tick::ask_descriptions() {
  for (const Group& group : groups_) {
    const std::string& id = group.plan->id;
    if (!known_groups_.description_due(id, now_)) continue;
    submit_describe_group(batch_, handle_, id, [this, id](Result<GroupInfo> info) {
      if (info) {
        any_answer_ = true;
        if (info->assigned)
          for (const auto& [topic, partitions] : *info->assigned)
            if (!partitions.empty()) known_.mention(topic, partitions.back());
      } else {
        failed(info.error());
      }
      known_groups_.described(id, std::move(info), now_);
    });
  }
  if (!groups_.empty() && known_groups_.list_due(now_))
    submit_list_groups(batch_, [this](Result<GroupList> list) { known_groups_.listed(std::move(list), now_); });
}

void Tick::look_up(const std::set<std::string>& topics) {
  std::vector<std::string> due;
  for (const std::string& topic : topics) {
    if (topic.empty() || topics_[topic].looking_up || !known_.due(topic, now_)) continue;
    topics_[topic].looking_up = true;
    due.push_back(topic);
  }
  for (const auto chunk : in_chunks(std::span(due))) {
    ++lookups_missing_;
    const std::vector<std::string> asked(chunk.begin(), chunk.end());
    submit_describe_topics(batch_, asked, [this, asked](const Result<const rd_kafka_event_t*>& answer) {
      --lookups_missing_;
      looked_up(asked, answer);
    });
  }
}

void Tick::looked_up(const std::vector<std::string>& asked, const Result<const rd_kafka_event_t*>& answer) {
  if (answer) {
    any_answer_ = true;
    for (const auto& [topic, info] : described_topics(*answer)) known_.put(topic, info, now_);
  } else {
    failed(answer.error());
    for (const std::string& topic : asked) known_.put(topic, std::unexpected(answer.error()), now_);
  }
  std::map<std::string, std::set<Edge>> wanted;
  for (const std::string& topic : asked) {
    Topic& one = topics_[topic];
    one.looking_up = false;
    if (!one.wanted.empty()) wanted.emplace(topic, std::exchange(one.wanted, {}));
  }
  ask_ends(wanted);
}

void Tick::want_ends(const std::vector<Group*>& groups) {
  std::map<std::string, std::set<Edge>> ready;
  std::set<std::string> unknown;
  for (Group* group : groups)
    for (const std::string& topic : topics_of(*group)) {
      if (known_.find(topic) && !topics_[topic].looking_up) {
        ready[topic].merge(edges_of(*group->plan));
      } else {
        topics_[topic].wanted.merge(edges_of(*group->plan));
        unknown.insert(topic);
      }
    }
  look_up(unknown);
  ask_ends(ready);
}

void Tick::ask_ends(const std::map<std::string, std::set<Edge>>& topics) {
  std::map<std::pair<Edge, int>, std::vector<Place>> by_leader;
  std::set<std::string> names;
  for (const auto& [topic, edges] : topics) {
    const KnownTopic* known = known_.find(topic);
    if (!known) continue;
    names.insert(topic);
    for (const Edge edge : edges) {
      auto& ends = topics_[topic].ends[edge];
      ends.resize(known->leaders.size(), fail(Code::kUnavailable, "no broker leads this partition"));
      for (std::size_t i = 0; i < known->leaders.size(); ++i) {
        if (known->leaders[i] < 0)
          known_.doubt(topic);
        else
          by_leader[{edge, known->leaders[i]}].push_back({&topic, static_cast<int>(i)});
      }
    }
  }
  for (const auto& [key, places] : by_leader)
    for (const auto chunk : in_chunks(std::span<const Place>(places)))
      submit_offsets(batch_, chunk, key.first,
                     [this, edge = key.first](std::vector<OffsetOf> offsets) { took(edge, std::move(offsets)); });
  ask_starts(names);
}

void Tick::ask_starts(const std::set<std::string>& topics) {
  std::map<int, std::vector<Place>> by_leader;
  for (const std::string& topic : topics) {
    const KnownTopic* known = known_.find(topic);
    for (std::size_t i = 0; known && i < known->leaders.size(); ++i) {
      const auto& start = known->starts[i];
      if (known->leaders[i] >= 0 && (!start || now_ - start->read >= kStartRefresh))
        by_leader[known->leaders[i]].push_back({&topic, static_cast<int>(i)});
    }
  }
  for (const auto& [leader, places] : by_leader)
    for (const auto chunk : in_chunks(std::span<const Place>(places)))
      submit_offsets(batch_, chunk, Edge::kStart,
                     [this](std::vector<OffsetOf> offsets) { took(Edge::kStart, std::move(offsets)); });
}

void Tick::took(Edge edge, std::vector<OffsetOf> offsets) {
  for (OffsetOf& one : offsets) {
    if (one.stale) known_.doubt(one.topic);
    if (one.offset)
      any_answer_ = true;
    else
      failed(one.offset.error());
    const auto index = static_cast<std::size_t>(one.partition);
    if (edge == Edge::kStart) {
      KnownTopic* known = known_.find(one.topic);
      if (one.offset && known && index < known->starts.size()) known->starts[index] = {*one.offset, now_};
    } else {
      auto& ends = topics_[one.topic].ends[edge];
      if (index < ends.size()) ends[index] = std::move(one.offset);
    }
  }
}

Result<Sample> Tick::build() {
  if (stop_.stop_requested()) return fail(Code::kCancelled, "stopping", Retry::never());
  if (!groups_.empty() && !any_answer_ && first_failure_) return std::unexpected(*first_failure_);
  Sample sample;
  sample.taken = taken_;
  sample.wall = wall_;
  std::set<std::string> topics;
  for (const Group& group : groups_) {
    topics.merge(topics_of(group));
    sample.groups.insert_or_assign(group.plan->id, build(group, sample));
  }
  for (const std::string& topic : topics) sample.topics.insert_or_assign(topic, build(topic, sample));
  return sample;
}

Result<TopicSample> Tick::build(const std::string& topic, Sample& sample) {
  const KnownTopic* known = known_.find(topic);
  if (!known) return std::unexpected(known_.error(topic));
  const std::size_t count = known->leaders.size();
  TopicSample result{known->id, std::vector<Reading>(count), {}, std::vector<Reading>(count)};
  for (const auto& [edge, ends] : topics_[topic].ends) {
    auto& readings = edge == Edge::kStableEnd ? result.stable_ends : result.ends;
    readings.resize(count);
    for (std::size_t i = 0; i < count && i < ends.size(); ++i)
      readings[i] = ends[i] ? Reading::of(*ends[i]) : sample.fail(ends[i].error());
  }
  for (std::size_t i = 0; i < count && i < known->starts.size(); ++i)
    if (known->starts[i] && now_ - known->starts[i]->read < kStartTrust)
      result.starts[i] = Reading::of(known->starts[i]->offset);
  return result;
}

GroupSample Tick::build(const Group& group, Sample& sample) {
  GroupSample result;
  result.info = known_groups_.info(group.plan->id);
  if (!group.commits) {
    result.commits = std::unexpected(group.commits.error());
    return result;
  }
  result.commits = {};
  for (const auto& [topic, commits] : *group.commits) {
    if (commits.empty() || !(group.plan->committed_topics || group.plan->topics.contains(topic))) continue;
    auto& readings = result.committed[topic];
    readings.resize(static_cast<std::size_t>(commits.rbegin()->first) + 1, Reading::of(kNoCommit));
    for (const auto& [partition, offset] : commits)
      readings[static_cast<std::size_t>(partition)] = offset ? Reading::of(*offset) : sample.fail(offset.error());
  }
  return result;
}

}  // namespace penstock::kafka
