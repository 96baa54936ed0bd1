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
constexpr std::size_t kDescriptionsAtOnce = 1'200;  // of a dozen members each

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
  gather_groups();
  look_around();
  Groups all;
  std::vector<const KnownGroup*> known;
  for (const Group& group : groups_) {
    all.push_back(&group);
    known.push_back(&group.known);
  }
  read_commits(all);
  Groups described;
  for (const std::size_t i : memory_.groups.next_to_describe(known)) described.push_back(all[i]);
  describe(described);
  asks_.run();
  if (!moved_.empty()) {
    const Groups again = std::exchange(moved_, {});
    find_coordinators(again);
    asks_.run();
    read_commits(again);
    asks_.run();
  }
  look_again();
  sample_.taken = clock_.now();
  sample_.wall = clock_.wall();
  read_ends();
  return build();
}

void Tick::failed(const Error& error) {
  if (!first_failure_) first_failure_ = error;
}

// --- where everything is

void Tick::gather_groups() {
  ++memory_.ticks;
  std::size_t planned = 0;
  for (const auto& plan : plan_.groups) planned += plan.topics.size();
  planned_.reserve(planned);
  topics_.reserve(planned);
  groups_.reserve(plan_.groups.size());
  sample_.groups.reserve(plan_.groups.size());
  for (const auto& plan : plan_.groups) {
    const std::size_t first = planned_.size();
    for (const std::string& topic : plan.topics) planned_.push_back(&memory_.topics.of(topic));
    const std::span<CachedTopic* const> topics(planned_.data() + first, planned_.size() - first);
    KnownGroup& known = memory_.groups.of(plan.id);
    known.tick = memory_.ticks;
    groups_.push_back({plan, known, sample_.groups[plan.id], topics});
    for (CachedTopic* topic : topics) want(plan, *topic);
    for (const std::string& topic : known.committed_topics) want(plan, memory_.topics.of(topic));
  }
  for (const std::string& topic : plan_.doubtful)
    if (CachedTopic* cached = memory_.topics.find(topic)) cached->doubt();
  memory_.groups.keep_only(memory_.ticks);
}

void Tick::want(const SamplePlan::Group& group, CachedTopic& topic) {
  if (std::exchange(topic.tick, memory_.ticks) != memory_.ticks) {
    topic.place = topics_.size();
    topics_.push_back({.cached = &topic});
  }
  Topic& wanted = topics_[topic.place];
  wanted.end |= group.ends;
  wanted.stable_end |= group.stable_ends;
}

Tick::Topic* Tick::find_topic(const std::string& name) {
  const CachedTopic* cached = memory_.topics.find(name);
  return cached && cached->tick == memory_.ticks ? &topics_[cached->place] : nullptr;
}

void Tick::look_around() {
  std::vector<std::string> due;
  for (const Topic& topic : topics_)
    if (topic.cached->due(now_)) due.push_back(topic.cached->name());
  if (!due.empty() || memory_.brokers.empty()) look_up(due);
  asks_.run();
  greet();
  asks_.run();
  if (memory_.groups.list_due(now_)) list_groups();
  Groups lost;
  for (const Group& group : groups_)
    if (!group.known.coordinator) lost.push_back(&group);
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
    for (const std::string& topic : asked) memory_.topics.of(topic).put(std::unexpected(answer.error()), now_);
    return;
  }
  succeeded();
  client_.learn(answer->brokers);
  memory_.brokers.clear();
  for (const auto& broker : answer->brokers) memory_.brokers.insert(broker.node_id);
  for (const auto& topic : answer->topics) {
    const std::string& name = topic.name.value_or("");
    if (const ErrorCode error = to_error_code(topic.error_code); error != ErrorCode::kNone) {
      memory_.topics.of(name).put(std::unexpected(to_error(error)), now_);
      continue;
    }
    TopicInfo info{
        .name = name, .topic_id = topic.topic_id.is_zero() ? "" : topic.topic_id.to_string(), .partitions = {}};
    info.partitions.resize(topic.partitions.size());
    for (const auto& partition : topic.partitions)
      if (const auto index = static_cast<std::size_t>(partition.partition_index); index < info.partitions.size())
        info.partitions[index] = {partition.partition_index, partition.leader_id, {}, {}};
    memory_.topics.of(name).put(info, now_);
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
      request.key = group->plan.id;
      ask(std::move(request), {group});
    }
    return;
  }
  for (Groups& chunk : in_chunks(groups, kGroupsAtOnce)) {
    FindCoordinatorRequest request;
    for (const auto* group : chunk) request.coordinator_keys.push_back(group->plan.id);
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
    answer->coordinators.push_back({.key = asked.front()->plan.id,
                                    .node_id = answer->node_id,
                                    .host = {},
                                    .port = 0,
                                    .error_code = answer->error_code,
                                    .error_message = answer->error_message});
  ById by_id(answer->coordinators, &FindCoordinatorResponse::Coordinator::key);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto* its = by_id.find(i, asked[i]->plan.id);
    const ErrorCode error = its ? to_error_code(its->error_code) : ErrorCode::kCoordinatorNotAvailable;
    if (error == ErrorCode::kNone)
      asked[i]->known.coordinator = its->node_id;
    else
      commits_failed(*asked[i], to_error(error, its ? its->error_message.value_or("") : ""), false);
  }
}

// --- what the groups have committed

void Tick::read_commits(const Groups& groups) {
  std::map<int, Groups> plain, shared;
  for (const auto* group : groups)
    if (const KnownGroup& known = group->known; known.coordinator)
      (known.type == "Share" ? shared : plain)[*known.coordinator].push_back(group);
  for (auto& [broker, its] : plain) {
    const auto unproven =
        std::ranges::stable_partition(its, [](const auto* group) { return group->known.coordinator_proven; });
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
      request.group_id = group->plan.id;
      request.topics = topics_of(*group);
      ask(std::move(request), {group});
    }
    return;
  }
  OffsetFetchRequest request;
  request.groups.reserve(groups.size());
  for (const auto* group : groups) {
    auto& one = request.groups.emplace_back();
    one.group_id = group->plan.id;
    one.topics = topics_of(*group);
  }
  ask(std::move(request), groups);
}

// A group's commits to topics that nobody asks about, of which there may be many, stay where they are.
std::optional<std::vector<OffsetFetchRequest::Topic>> Tick::topics_of(const Group& group) {
  if (group.plan.committed_topics) return std::nullopt;  // all
  std::vector<OffsetFetchRequest::Topic> topics;
  topics.reserve(group.topics.size());
  for (CachedTopic* topic : group.topics) {
    const KnownTopic* known = topic->known();
    // Nobody could tell its partitions yet. A commit that wasn't asked for must not look like none.
    if (!known) return std::nullopt;
    auto& one = topics.emplace_back();
    one.name = topic->name();
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
    answer->groups.push_back({asked.front()->plan.id, std::move(answer->topics), answer->error_code});
  ById by_id(answer->groups, &OffsetFetchResponse::Group::group_id);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const Group& group = *asked[i];
    const auto* its = by_id.find(i, group.plan.id);
    if (!its) {
      commits_failed(
          group, Error{Code::kUnavailable, "the broker's answer says nothing about the group", Retry::later()}, false);
      continue;
    }
    if (const ErrorCode error = to_error_code(its->error_code); error != ErrorCode::kNone) {
      commits_failed(group, to_error(error), coordinator_is_stale(error));
      continue;
    }
    KnownGroup& known = group.known;
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
template <class Answer, class Read>
void Tick::take_commits(const Group& group, const std::vector<Answer>& topics, std::string Answer::* name, Read read) {
  const SamplePlan::Group& plan = group.plan;
  group.sample.commits = {};
  std::set<std::string> committed;
  for (const Answer& topic : topics) {
    if (topic.partitions.empty()) continue;
    if (plan.committed_topics) committed.insert(topic.*name);
    if (!plan.committed_topics && !plan.topics.contains(topic.*name)) continue;
    const std::int32_t last =
        std::ranges::max(topic.partitions, {}, [](const auto& p) { return p.partition_index; }).partition_index;
    auto& readings = group.sample.committed[topic.*name];
    readings.resize(static_cast<std::size_t>(std::max(last, -1) + 1), Reading::of(kNoCommit));
    for (const auto& partition : topic.partitions)
      if (partition.partition_index >= 0)
        readings[static_cast<std::size_t>(partition.partition_index)] = read(topic.*name, partition);
    mention(topic.*name, last);
  }
  if (group.known.committed_topics != committed) group.known.committed_topics = std::move(committed);
}

void Tick::mention(const std::string& topic, int partition) {
  if (CachedTopic* cached = memory_.topics.find(topic)) cached->mention(partition);
}

void Tick::commits_failed(const Group& group, const Error& error, bool moved) {
  group.sample.commits = std::unexpected(error);
  group.known.coordinator_proven = false;
  group.known.doubted_since.reset();
  if (!moved) return;
  group.known.coordinator.reset();
  moved_.push_back(&group);
}

void Tick::describe_share_offsets(int broker, const Groups& groups) {
  DescribeShareGroupOffsetsRequest request;
  for (const auto* group : groups) request.groups.emplace_back().group_id = group->plan.id;
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
  ById by_id(answer->groups, &DescribeShareGroupOffsetsResponse::Group::group_id);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const Group* group = asked[i];
    const auto* found = by_id.find(i, group->plan.id);
    if (!found) {
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
            group->sample.approximate[topic].push_back(partition.partition_index);
          else
            share_lags_.push_back({group, topic, static_cast<std::size_t>(partition.partition_index), partition.lag});
          return Reading::of(partition.start_offset);
        });
    for (auto& [topic, partitions] : group->sample.approximate) std::ranges::sort(partitions);
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
                  memory_.groups.described(group->known, std::unexpected(answer.error()), now_);
                return;
              }
              succeeded();
              ById by_id(answer->groups, &Request::Response::Group::group_id);
              for (std::size_t i = 0; i < groups.size(); ++i) {
                const auto* its = by_id.find(i, groups[i]->plan.id);
                if (!its) continue;
                auto info = info_of(*its);
                if constexpr (std::is_same_v<Request, StreamsGroupDescribeRequest>)
                  if (info)
                    info->tasks = count_tasks(*its, [this](const std::string& topic) -> std::optional<int> {
                      CachedTopic* cached = memory_.topics.find(topic);
                      if (!cached || !cached->known()) return std::nullopt;
                      return static_cast<int>(cached->known()->leaders.size());
                    });
                if (info && info->assigned)
                  for (const auto& [topic, partitions] : *info->assigned) mention(topic, partitions.back());
                memory_.groups.described(groups[i]->known, std::move(info), now_);
              }
            });
}

void Tick::describe(const Groups& groups) {
  std::map<std::pair<int, std::string>, Groups> by_kind;
  for (const auto* group : groups) {
    KnownGroup& known = group->known;
    if (known.coordinator)
      by_kind[{*known.coordinator, known.type}].push_back(group);
    else
      memory_.groups.described(known, fail(Code::kUnavailable, "nobody coordinates the group"), now_);
  }
  for (auto& [kind, its] : by_kind)
    for (Groups& chunk : in_chunks(std::move(its), kDescriptionsAtOnce)) {
      std::vector<std::string> ids;
      for (const auto* group : chunk) ids.push_back(group->plan.id);
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
    const Topic* topic = find_topic(one.topic);
    if (!topic || !topic->sample) continue;
    const TopicSample& its = *topic->sample;
    const auto& ends = one.group->plan.stable_ends ? its.stable_ends : its.ends;
    if (one.partition >= ends.size() || !ends[one.partition].known()) continue;
    Reading& reading = one.group->sample.committed.at(one.topic).at(one.partition);
    reading = Reading::of(std::max(reading.value, ends[one.partition].value - one.lag));
  }
}

Result<Sample> Tick::build() {
  if (!any_answer_ && first_failure_) return std::unexpected(*first_failure_);
  for (const Topic& topic : topics_) {
    const KnownTopic* known = topic.cached->known();
    if (!known || !topic.sample) continue;
    auto& starts = topic.sample->starts;
    for (std::size_t p = 0; p < std::min(starts.size(), known->starts.size()); ++p)
      if (const auto& start = known->starts[p]; start && now_ - start->read < kStartTrust)
        starts[p] = Reading::of(start->offset);
  }
  apply_share_lags();
  for (const Group& group : groups_) group.sample.info = GroupBook::info(group.known, now_);
  return std::move(sample_);
}

}  // namespace penstock::kafka::wire
