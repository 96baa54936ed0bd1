#include "tick.hpp"

#include "../messages/error_code.hpp"
#include "descriptions.hpp"

#include <numeric>

namespace penstock::kafka::wire {
namespace {

// How long a start is believed in while a newer one can't be had.
constexpr Duration kStartTrust = 30s;
// How much one request asks for: its answer stays below some 4 MB, and a broker's thread busy for tens of milliseconds.
constexpr std::size_t kTopicsAtOnce = 5'000;
constexpr std::size_t kGroupsAtOnce = 5'000;
constexpr std::size_t kDescriptionsAtOnce = 500;

// From these versions on one request is for many groups: KIP-699 and KIP-709, Kafka 3.0.
constexpr std::int16_t kFindsManyCoordinators = 4;
constexpr std::int16_t kFetchesManyGroups = 8;
// Followers that are alive have fetched, and those that are not have left the in-sync set: replica.lag.time.max.ms.
constexpr Duration kProofByTime = 30s;

}  // namespace

Tick::Tick(boost::asio::io_context& io, Client& client, Memory& memory, const SamplePlan& plan, const Clock& clock,
           Duration timeout, std::stop_token stop)
    : client_(client),
      memory_(memory),
      plan_(plan),
      clock_(clock),
      now_(clock.now()),
      // A coordinator that hangs must leave time for the ends of the groups that have another one.
      commits_by_(now_ + timeout / 3),
      end_(now_ + timeout),
      asks_(io, client, std::move(stop)) {}

Result<Sample> Tick::run() {
  ++memory_.ticks;
  for (const auto& group : plan_.groups) memory_.groups.of(group.id).tick = memory_.ticks;
  memory_.groups.keep_only(memory_.ticks);

  look_around();
  Groups all;
  for (const auto& group : plan_.groups) {
    sample_.groups.try_emplace(group.id);
    all.push_back(&group);
  }
  read_commits(all);
  describe(memory_.groups.next_to_describe(plan_));
  asks_.run();
  if (!moved_.empty()) {
    const Groups again = std::exchange(moved_, {});
    find_coordinators(again);
    asks_.run();
    read_commits(again);
    asks_.run();
  }
  gather_topics();
  sample_.taken = clock_.now();
  sample_.wall = clock_.wall();
  read_ends();
  return build();
}

void Tick::failed(const Error& error) {
  if (!first_failure_) first_failure_ = error;
}

// --- where everything is

void Tick::look_around() {
  std::vector<std::string> due;
  std::set<std::string_view> seen;
  for (const auto& group : plan_.groups) {
    for (const std::string& topic : group.topics)
      if (memory_.topics.due(topic, now_) && seen.insert(topic).second) due.push_back(topic);
    for (const std::string& topic : memory_.groups.of(group.id).committed_topics)
      if (memory_.topics.due(topic, now_) && seen.insert(topic).second) due.push_back(topic);
  }
  if (!due.empty() || memory_.brokers.empty()) look_up(due);
  asks_.run();
  greet();
  asks_.run();
  if (memory_.groups.list_due(now_)) list_groups();
  Groups lost;
  for (const auto& group : plan_.groups)
    if (!memory_.groups.of(group.id).coordinator) lost.push_back(&group);
  find_coordinators(lost);
  asks_.run();
}

void Tick::look_up(const std::vector<std::string>& topics) {
  auto chunks = in_chunks(topics, kTopicsAtOnce);
  if (chunks.empty()) chunks.emplace_back();
  for (auto& chunk : chunks) {
    MetadataRequest request;
    request.allow_auto_topic_creation = false;
    request.topics.emplace();
    for (const std::string& topic : chunk) request.topics->push_back({.topic_id = {}, .name = topic});
    asks_.ask_any(std::move(request), end_, [this, chunk = std::move(chunk)](Result<MetadataResponse> answer) {
      looked_up(chunk, std::move(answer));
    });
  }
}

void Tick::looked_up(const std::vector<std::string>& asked, Result<MetadataResponse> answer) {
  if (!answer) {
    failed(answer.error());
    for (const std::string& topic : asked) memory_.topics.put(topic, std::unexpected(answer.error()), now_);
    return;
  }
  succeeded();
  client_.learn(answer->brokers);
  memory_.brokers.clear();
  for (const auto& broker : answer->brokers) memory_.brokers.insert(broker.node_id);
  for (const auto& topic : answer->topics) {
    const std::string& name = topic.name.value_or("");
    if (const ErrorCode error = to_error_code(topic.error_code); error != ErrorCode::kNone) {
      memory_.topics.put(name, std::unexpected(to_error(error)), now_);
      continue;
    }
    TopicInfo info{
        .name = name, .topic_id = topic.topic_id.is_zero() ? "" : topic.topic_id.to_string(), .partitions = {}};
    info.partitions.resize(topic.partitions.size());
    for (const auto& partition : topic.partitions)
      if (const auto index = static_cast<std::size_t>(partition.partition_index); index < info.partitions.size())
        info.partitions[index] = {partition.partition_index, partition.leader_id, {}, {}};
    memory_.topics.put(name, info, now_);
  }
}

void Tick::greet() {
  for (const int broker : memory_.brokers)
    if (!client_.version(broker, MetadataRequest::kApi))
      asks_.ask(broker, ApiVersionsRequest{}, commits_by_, [this](const Result<ApiVersionsResponse>& answer) {
        if (!answer) failed(answer.error());
      });
}

void Tick::list_groups() {
  memory_.groups.list_asked(now_);
  for (const int broker : memory_.brokers)
    asks_.ask(broker, ListGroupsRequest{}, commits_by_,
              [this](const Result<ListGroupsResponse>& answer) { listed_groups(answer); });
}

void Tick::listed_groups(const Result<ListGroupsResponse>& answer) {
  if (!answer) return failed(answer.error());
  if (const ErrorCode error = to_error_code(answer->error_code); error != ErrorCode::kNone)
    return failed(to_error(error));
  succeeded();
  memory_.groups.listed(*answer);
}

void Tick::find_coordinators(const Groups& groups) {
  const auto connected = std::ranges::find_if(
      memory_.brokers, [this](int id) { return client_.version(id, FindCoordinatorRequest::kApi).has_value(); });
  const auto ask = [&](FindCoordinatorRequest request, Groups its) {
    auto then = [this, its = std::move(its)](Result<FindCoordinatorResponse> answer) {
      found_coordinators(its, std::move(answer));
    };
    if (connected == memory_.brokers.end())
      asks_.ask_any(std::move(request), commits_by_, std::move(then));
    else
      asks_.ask(*connected, std::move(request), commits_by_, std::move(then));
  };
  if (connected != memory_.brokers.end() &&
      *client_.version(*connected, FindCoordinatorRequest::kApi) < kFindsManyCoordinators) {
    for (const auto* group : groups) {
      FindCoordinatorRequest request;
      request.key = group->id;
      ask(std::move(request), {group});
    }
    return;
  }
  for (Groups& chunk : in_chunks(groups, kGroupsAtOnce)) {
    FindCoordinatorRequest request;
    for (const auto* group : chunk) request.coordinator_keys.push_back(group->id);
    ask(std::move(request), std::move(chunk));
  }
}

void Tick::found_coordinators(const Groups& asked, Result<FindCoordinatorResponse> answer) {
  if (!answer) {
    failed(answer.error());
    for (const auto* group : asked) commits_failed(*group, answer.error(), false);
    return;
  }
  succeeded();
  if (answer->coordinators.empty() && asked.size() == 1)
    answer->coordinators.push_back({.key = asked.front()->id,
                                    .node_id = answer->node_id,
                                    .host = {},
                                    .port = 0,
                                    .error_code = answer->error_code,
                                    .error_message = answer->error_message});
  std::unordered_map<std::string_view, const FindCoordinatorResponse::Coordinator*> by_key;
  for (const auto& one : answer->coordinators) by_key[one.key] = &one;
  for (const auto* group : asked) {
    const auto found = by_key.find(group->id);
    const ErrorCode error =
        found == by_key.end() ? ErrorCode::kCoordinatorNotAvailable : to_error_code(found->second->error_code);
    if (error == ErrorCode::kNone)
      memory_.groups.of(group->id).coordinator = found->second->node_id;
    else
      commits_failed(*group, to_error(error, found == by_key.end() ? "" : found->second->error_message.value_or("")),
                     false);
  }
}

// --- what the groups have committed

void Tick::read_commits(const Groups& groups) {
  std::map<int, Groups> plain, shared;
  for (const auto* group : groups) {
    const KnownGroup& known = memory_.groups.of(group->id);
    if (known.coordinator) (known.type == "Share" ? shared : plain)[*known.coordinator].push_back(group);
  }
  for (auto& [broker, its] : plain) {
    const auto unproven = std::ranges::stable_partition(
        its, [this](const auto* group) { return memory_.groups.of(group->id).coordinator_proven; });
    Groups doubted(unproven.begin(), unproven.end());
    its.erase(unproven.begin(), unproven.end());
    for (const Groups& chunk : in_chunks(std::move(its), kGroupsAtOnce)) fetch_offsets(broker, chunk, false);
    for (const Groups& chunk : in_chunks(std::move(doubted), kGroupsAtOnce)) fetch_offsets(broker, chunk, true);
  }
  for (auto& [broker, its] : shared)
    for (const Groups& chunk : in_chunks(std::move(its), kGroupsAtOnce)) describe_share_offsets(broker, chunk);
}

// Stable offsets are waited for only where the coordinator must prove itself: an exactly-once group is unstable most of
// the time.
void Tick::fetch_offsets(int broker, const Groups& groups, bool stable) {
  const auto ask = [&](OffsetFetchRequest request, Groups its) {
    request.require_stable = stable;
    asks_.ask(broker, std::move(request), commits_by_,
              [this, its = std::move(its)](Result<OffsetFetchResponse> answer) { fetched(its, std::move(answer)); });
  };
  const auto version = client_.version(broker, OffsetFetchRequest::kApi);
  if (version && *version < kFetchesManyGroups) {
    for (const auto* group : groups) {
      OffsetFetchRequest request;
      request.group_id = group->id;
      request.topics = topics_of(*group);
      ask(std::move(request), {group});
    }
    return;
  }
  OffsetFetchRequest request;
  request.groups.reserve(groups.size());
  for (const auto* group : groups) {
    auto& one = request.groups.emplace_back();
    one.group_id = group->id;
    one.topics = topics_of(*group);
  }
  ask(std::move(request), groups);
}

// A group's commits to topics that nobody asks about, of which there may be many, stay where they are.
std::optional<std::vector<OffsetFetchRequest::Topic>> Tick::topics_of(const SamplePlan::Group& group) {
  if (group.committed_topics) return std::nullopt;  // all
  std::vector<OffsetFetchRequest::Topic> topics;
  for (const std::string& topic : group.topics) {
    const KnownTopic* known = memory_.topics.find(topic);
    // Nobody could tell its partitions yet. A commit that wasn't asked for must not look like none.
    if (!known) return std::nullopt;
    auto& one = topics.emplace_back();
    one.name = topic;
    one.partition_indexes.resize(known->leaders.size());
    std::iota(one.partition_indexes.begin(), one.partition_indexes.end(), 0);
  }
  return topics;
}

void Tick::fetched(const Groups& asked, Result<OffsetFetchResponse> answer) {
  if (!answer) {
    failed(answer.error());
    for (const auto* group : asked) commits_failed(*group, answer.error(), asked_in_vain(answer.error()));
    return;
  }
  succeeded();
  if (answer->groups.empty() && asked.size() == 1)
    answer->groups.push_back({asked.front()->id, std::move(answer->topics), answer->error_code});
  // Answers come in the order of the request; whoever leaves that order is looked up.
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const SamplePlan::Group& group = *asked[i];
    const OffsetFetchResponse::Group* its = nullptr;
    if (i < answer->groups.size() && answer->groups[i].group_id == group.id) {
      its = &answer->groups[i];
    } else {
      const auto found = std::ranges::find(answer->groups, group.id, &OffsetFetchResponse::Group::group_id);
      if (found != answer->groups.end()) its = &*found;
    }
    if (!its) {
      commits_failed(
          group, Error{Code::kUnavailable, "the broker's answer says nothing about the group", Retry::later()}, false);
      continue;
    }
    if (const ErrorCode error = to_error_code(its->error_code); error != ErrorCode::kNone) {
      commits_failed(group, to_error(error), coordinator_is_stale(error));
      continue;
    }
    KnownGroup& known = memory_.groups.of(group.id);
    if (!known.doubted_since) known.doubted_since = now_;
    // Whoever always has a transaction open never is stable: then time is the proof.
    bool proven = true;
    take_commits(group, its->topics, &OffsetFetchResponse::Topic::name,
                 [&](const std::string&, const OffsetFetchResponse::Partition& partition) {
                   const ErrorCode error = to_error_code(partition.error_code);
                   proven &= error != ErrorCode::kUnstableOffsetCommit;
                   if (error != ErrorCode::kNone) return sample_.fail(to_error(error));
                   return Reading::of(std::max(partition.committed_offset, kNoCommit));
                 });
    if (proven || now_ - *known.doubted_since >= kProofByTime) known.coordinator_proven = true;
  }
}

// Of one group, by whatever answer tells them; `read` makes a partition's reading.
template <class Topic, class Read>
void Tick::take_commits(const SamplePlan::Group& group, const std::vector<Topic>& topics, std::string Topic::* name,
                        Read read) {
  GroupSample& sample = sample_.groups[group.id];
  sample.commits = {};
  std::set<std::string> committed;
  for (const Topic& topic : topics) {
    if (topic.partitions.empty()) continue;
    if (group.committed_topics) committed.insert(topic.*name);
    if (!group.committed_topics && !group.topics.contains(topic.*name)) continue;
    const std::int32_t last =
        std::ranges::max(topic.partitions, {}, [](const auto& p) { return p.partition_index; }).partition_index;
    auto& readings = sample.committed[topic.*name];
    readings.resize(static_cast<std::size_t>(std::max(last, -1) + 1), Reading::of(kNoCommit));
    for (const auto& partition : topic.partitions)
      if (partition.partition_index >= 0)
        readings[static_cast<std::size_t>(partition.partition_index)] = read(topic.*name, partition);
    memory_.topics.mention(topic.*name, last);
  }
  auto& remembered = memory_.groups.of(group.id).committed_topics;
  if (remembered != committed) remembered = std::move(committed);
}

void Tick::commits_failed(const SamplePlan::Group& group, const Error& error, bool moved) {
  sample_.groups[group.id].commits = std::unexpected(error);
  KnownGroup& known = memory_.groups.of(group.id);
  known.coordinator_proven = false;
  known.doubted_since.reset();
  if (!moved) return;
  known.coordinator.reset();
  moved_.push_back(&group);
}

void Tick::describe_share_offsets(int broker, const Groups& groups) {
  DescribeShareGroupOffsetsRequest request;
  for (const auto* group : groups) request.groups.emplace_back().group_id = group->id;
  asks_.ask(broker, std::move(request), commits_by_, [this, groups](Result<DescribeShareGroupOffsetsResponse> answer) {
    share_offsets(groups, std::move(answer));
  });
}

// A share group commits no offset. What stands for it is the first record that is not done with; or, where the broker
// knows the lag, the offset that this lag lies behind the end. The start trails: a broker writes it down together with
// an acknowledgement, as it was before that (seen with 4.3), so that the last ones never show in it.
void Tick::share_offsets(const Groups& asked, Result<DescribeShareGroupOffsetsResponse> answer) {
  if (!answer) {
    failed(answer.error());
    for (const auto* group : asked) commits_failed(*group, answer.error(), asked_in_vain(answer.error()));
    return;
  }
  succeeded();
  for (const auto* group : asked) {
    const auto found =
        std::ranges::find(answer->groups, group->id, &DescribeShareGroupOffsetsResponse::Group::group_id);
    if (found == answer->groups.end()) {
      commits_failed(
          *group, Error{Code::kUnavailable, "the broker's answer says nothing about the group", Retry::later()}, false);
      continue;
    }
    if (const ErrorCode error = to_error_code(found->error_code); error != ErrorCode::kNone) {
      commits_failed(*group, to_error(error, found->error_message.value_or("")), coordinator_is_stale(error));
      continue;
    }
    take_commits(
        *group, found->topics, &DescribeShareGroupOffsetsResponse::Topic::topic_name,
        [&](const std::string& topic, const DescribeShareGroupOffsetsResponse::Partition& partition) {
          if (const ErrorCode error = to_error_code(partition.error_code); error != ErrorCode::kNone)
            return sample_.fail(to_error(error, partition.error_message.value_or("")));
          if (partition.start_offset < 0) return Reading::of(kNoCommit);
          if (partition.lag < 0)
            sample_.groups[group->id].approximate[topic].push_back(partition.partition_index);
          else
            share_lags_.push_back({group, topic, static_cast<std::size_t>(partition.partition_index), partition.lag});
          return Reading::of(partition.start_offset);
        });
    for (auto& [topic, partitions] : sample_.groups[group->id].approximate) std::ranges::sort(partitions);
  }
}

// --- who is in the groups

template <class Request>
void Tick::describe_with(int broker, Request request, Groups groups) {
  asks_.ask(broker, std::move(request), commits_by_,
            [this, groups = std::move(groups)](Result<typename Request::Response> answer) {
              if (!answer) {
                failed(answer.error());
                for (const auto* group : groups)
                  memory_.groups.described(group->id, std::unexpected(answer.error()), now_);
                return;
              }
              succeeded();
              for (const auto& group : answer->groups) {
                auto info = info_of(group);
                if constexpr (std::is_same_v<Request, StreamsGroupDescribeRequest>)
                  if (info)
                    info->tasks = count_tasks(group, [this](const std::string& topic) -> std::optional<int> {
                      const KnownTopic* known = memory_.topics.find(topic);
                      if (!known) return std::nullopt;
                      return static_cast<int>(known->leaders.size());
                    });
                if (info && info->assigned)
                  for (const auto& [topic, partitions] : *info->assigned)
                    memory_.topics.mention(topic, partitions.back());
                memory_.groups.described(group.group_id, std::move(info), now_);
              }
            });
}

void Tick::describe(const Groups& groups) {
  std::map<std::pair<int, std::string>, Groups> by_kind;
  for (const auto* group : groups) {
    const KnownGroup& known = memory_.groups.of(group->id);
    if (known.coordinator)
      by_kind[{*known.coordinator, known.type}].push_back(group);
    else
      memory_.groups.described(group->id, fail(Code::kUnavailable, "nobody coordinates the group"), now_);
  }
  for (auto& [kind, its] : by_kind)
    for (Groups& chunk : in_chunks(std::move(its), kDescriptionsAtOnce)) {
      std::vector<std::string> ids;
      for (const auto* group : chunk) ids.push_back(group->id);
      const auto& [broker, type] = kind;
      if (type == "Consumer")
        describe_with(broker, ConsumerGroupDescribeRequest{.group_ids = std::move(ids)}, std::move(chunk));
      else if (type == "Share")
        describe_with(broker, ShareGroupDescribeRequest{.group_ids = std::move(ids)}, std::move(chunk));
      else if (type == "Streams")
        describe_with(broker, StreamsGroupDescribeRequest{.group_ids = std::move(ids)}, std::move(chunk));
      else
        describe_with(broker, DescribeGroupsRequest{.groups = std::move(ids)}, std::move(chunk));
    }
}

void Tick::apply_share_lags() {
  for (const ShareLag& one : share_lags_) {
    const auto topic = sample_.topics.find(one.topic);
    if (topic == sample_.topics.end() || !topic->second) continue;
    const auto& ends = one.group->stable_ends ? topic->second->stable_ends : topic->second->ends;
    if (one.partition >= ends.size() || !ends[one.partition].known()) continue;
    Reading& reading = sample_.groups.at(one.group->id).committed.at(one.topic).at(one.partition);
    reading = Reading::of(std::max(reading.value, ends[one.partition].value - one.lag));
  }
}

Result<Sample> Tick::build() {
  if (!any_answer_ && first_failure_) return std::unexpected(*first_failure_);
  for (auto& [topic, its] : sample_.topics) {
    if (!its) continue;
    const KnownTopic* known = memory_.topics.find(topic);
    for (std::size_t p = 0; known && p < std::min(its->starts.size(), known->starts.size()); ++p)
      if (const auto& start = known->starts[p]; start && now_ - start->read < kStartTrust)
        its->starts[p] = Reading::of(start->offset);
  }
  apply_share_lags();
  for (auto& [id, group] : sample_.groups) group.info = memory_.groups.info(id, now_);
  return std::move(sample_);
}

}  // namespace penstock::kafka::wire
