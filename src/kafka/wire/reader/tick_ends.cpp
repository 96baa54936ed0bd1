// The third round of a tick: where the logs end and start, and what probes find.
#include "../messages/error_code.hpp"
#include "tick.hpp"

namespace penstock::kafka::wire {
namespace {

// Starts only move with retention: a start a few seconds old is a bound that is good enough.
constexpr Duration kStartRefresh = 10s;
// How much one request asks for: its answer stays below some 4 MB, and a broker's thread busy for tens of milliseconds.
constexpr std::size_t kPlacesAtOnce = 50'000;

std::size_t partitions_of(CachedTopic& topic) {
  return topic.known() ? topic.known()->leaders.size() : 0;
}

}  // namespace

void Tick::look_again() {
  for (const Group& group : groups_)
    if (group.plan.committed_topics)
      for (const std::string& topic : group.known.committed_topics) want(group.plan, memory_.topics.of(topic));
  memory_.topics.keep_only(memory_.ticks);
  std::vector<std::string> unknown;
  for (const Topic& topic : topics_)
    if (topic.cached->due(now_)) unknown.push_back(topic.cached->name());
  if (unknown.empty()) return;
  std::ranges::sort(unknown);
  std::map<const CachedTopic*, std::size_t> before;
  for (const std::string& topic : unknown) {
    CachedTopic& cached = memory_.topics.of(topic);
    before[&cached] = partitions_of(cached);
  }
  look_up(unknown);
  asks_.run();
  read_commits_of_grown(before);
}

// A member may have been quick with a partition that is new to us, and a commit that wasn't asked for must not look
// like none.
void Tick::read_commits_of_grown(const std::map<const CachedTopic*, std::size_t>& before) {
  Groups again;
  for (const Group& group : groups_) {
    const bool short_of = std::ranges::any_of(group.topics, [&](CachedTopic* topic) {
      const auto asked = before.find(topic);
      // Of a topic that was not known all commits were asked for.
      return asked != before.end() && asked->second > 0 && asked->second < partitions_of(*topic);
    });
    const bool all_asked = group.plan.committed_topics || group.known.type == "Share";
    if (short_of && !all_asked && group.sample.commits) again.push_back(&group);
  }
  read_commits(again);
  asks_.run();
}

void Tick::read_ends() {
  std::vector<Place> places;
  sample_.topics.reserve(topics_.size());
  for (Topic& topic : topics_) add_places(topic, places);
  read_places(std::move(places));
  read_probes();
  asks_.run();
  if (missed_.empty() && cut_.empty()) return;
  std::set<std::string> doubtful;
  for (const Topic* topic : cut_) doubtful.insert(topic->cached->name());
  for (const Place& place : missed_) doubtful.insert(place.topic->cached->name());
  look_up({doubtful.begin(), doubtful.end()});
  asks_.run();
  std::vector<Place> again = std::exchange(missed_, {});
  // Where such a log starts now, and under which id, is not what is remembered.
  for (Topic* topic : std::exchange(cut_, {})) {
    std::erase_if(again, [&](const Place& place) { return place.topic == topic; });
    const std::string id = topic->sample->id;
    topic->sample = nullptr;
    sample_.topics.erase(topic->cached->name());
    if (KnownTopic* known = topic->cached->known()) {
      std::ranges::fill(known->starts, std::nullopt);
      // Whoever was asked may not have heard of it yet.
      if (known->id == id) topic->cached->doubt();
    }
    add_places(*topic, again);
  }
  read_places(std::move(again));
  asks_.run();
}

// What is to be read of a topic, and where it goes; or why it can't be read.
void Tick::add_places(Topic& topic, std::vector<Place>& places) {
  const std::string& name = topic.cached->name();
  const KnownTopic* known = topic.cached->known();
  if (!known) {
    sample_.topics.emplace(name, std::unexpected(topic.cached->error()));
    return;
  }
  TopicSample& its = *sample_.topics.emplace(name, TopicSample{}).first->second;
  topic.sample = &its;
  const std::size_t count = known->leaders.size();
  its.id = known->id;
  its.starts.resize(count);
  if (topic.end) its.ends.resize(count);
  if (topic.stable_end) its.stable_ends.resize(count);
  for (int p = 0; p < static_cast<int>(count); ++p) {
    if (topic.end) places.push_back({Edge::kEnd, &topic, p});
    if (topic.stable_end) places.push_back({Edge::kStableEnd, &topic, p});
    const auto& start = known->starts[static_cast<std::size_t>(p)];
    if (!start || now_ - start->read >= kStartRefresh) places.push_back({Edge::kStart, &topic, p});
  }
}

Reading* Tick::slot(const Place& place) {
  if (place.edge == Edge::kStart || !place.topic->sample) return nullptr;
  auto& readings = place.edge == Edge::kEnd ? place.topic->sample->ends : place.topic->sample->stable_ends;
  const auto index = static_cast<std::size_t>(place.partition);
  return index < readings.size() ? &readings[index] : nullptr;
}

void Tick::read_places(std::vector<Place> places) {
  std::map<std::pair<int, Edge>, std::vector<Place>> by_leader;
  for (const Place& place : places) {
    const KnownTopic* known = place.topic->cached->known();
    const auto index = static_cast<std::size_t>(place.partition);
    const int leader = known && index < known->leaders.size() ? known->leaders[index] : -1;
    if (leader >= 0) {
      by_leader[{leader, place.edge}].push_back(place);
    } else {
      place.topic->cached->doubt();
      if (Reading* reading = slot(place))
        *reading = sample_.fail({Code::kUnavailable, "no broker leads this partition", Retry::later()});
    }
  }
  for (auto& [where, its] : by_leader)
    for (auto& chunk : in_chunks(std::move(its), kPlacesAtOnce))
      ask_offsets(where.first, where.second, std::move(chunk));
}

void Tick::ask_offsets(int leader, Edge edge, std::vector<Place> places) {
  ListOffsetsRequest request;
  request.isolation_level = edge == Edge::kStableEnd ? kReadCommitted : kReadUncommitted;
  for (auto place = places.begin(); place != places.end();) {
    const auto next =
        std::ranges::find_if(place, places.end(), [&](const Place& p) { return p.topic != place->topic; });
    auto& topic = request.topics.emplace_back();
    topic.name = place->topic->cached->name();
    topic.partitions.reserve(static_cast<std::size_t>(next - place));
    for (; place != next; ++place)
      topic.partitions.push_back({place->partition, -1, edge == Edge::kStart ? kEarliest : kLatest});
  }
  asks_.ask(leader, std::move(request), end_,
            [this, edge, places = std::move(places)](const Result<ListOffsetsResponse>& answer) {
              took(edge, places, answer);
            });
}

void Tick::took(Edge edge, const std::vector<Place>& asked, const Result<ListOffsetsResponse>& answer) {
  if (!answer) {
    failed(answer.error());
    const Reading nothing = sample_.fail(answer.error());
    for (const Place& place : asked) missed(place, nothing, asked_in_vain(answer.error()));
    return;
  }
  succeeded();
  // Most brokers keep the order of the request, but nobody promises it.
  std::size_t next = 0;
  for (const auto& topic : answer->topics) {
    const bool in_order = next < asked.size() && asked[next].topic->cached->name() == topic.name;
    Topic* its = in_order ? asked[next].topic : find_topic(topic.name);
    if (!its) continue;
    next += topic.partitions.size();
    for (const auto& partition : topic.partitions) {
      const Place place{edge, its, partition.partition_index};
      if (const ErrorCode error = to_error_code(partition.error_code); error != ErrorCode::kNone)
        missed(place, sample_.fail(to_error(error)), metadata_is_stale(error));
      else if (partition.offset < 0)
        missed(place, sample_.fail({Code::kInternal, "the broker's answer has no offset", Retry::later()}), false);
      else
        found(place, partition.offset);
    }
  }
  for (const Place& place : asked)
    if (Reading* reading = slot(place); reading && reading->error == &kNotRead)
      *reading = sample_.fail({Code::kInternal, "the broker's answer leaves it out", Retry::later()});
}

void Tick::found(const Place& place, std::int64_t offset) {
  if (Reading* reading = slot(place)) *reading = Reading::of(offset);
  KnownTopic* known = place.topic->cached->known();
  const auto index = static_cast<std::size_t>(place.partition);
  if (!known || index >= known->starts.size()) return;
  if (place.edge == Edge::kStart) {
    known->starts[index] = {offset, now_};
    return;
  }
  std::int64_t& last = (place.edge == Edge::kEnd ? known->ends : known->stable_ends)[index];
  if (offset < last) cut_.insert(place.topic);
  last = offset;
}

void Tick::missed(const Place& place, const Reading& why, bool moved) {
  if (Reading* reading = slot(place)) *reading = why;
  if (!moved) return;
  place.topic->cached->doubt();
  missed_.push_back(place);
}

void Tick::read_probes() {
  std::map<int, std::vector<const Probe*>> by_leader;
  for (const Probe& probe : plan_.probes) {
    CachedTopic* cached = memory_.topics.find(probe.topic);
    const KnownTopic* known = cached ? cached->known() : nullptr;
    const auto index = static_cast<std::size_t>(probe.partition);
    if (known && index < known->leaders.size() && known->leaders[index] >= 0)
      by_leader[known->leaders[index]].push_back(&probe);
  }
  for (auto& [leader, probes] : by_leader) {
    ListOffsetsRequest request;
    for (const Probe* probe : probes) {
      if (request.topics.empty() || request.topics.back().name != probe->topic)
        request.topics.emplace_back().name = probe->topic;
      request.topics.back().partitions.push_back({probe->partition, -1, probe->time.time_since_epoch().count()});
    }
    asks_.ask(leader, std::move(request), end_,
              [this, probes](Result<ListOffsetsResponse> answer) { answer_probes(probes, std::move(answer)); });
  }
}

// A probe without an answer is asked again by whoever wanted it.
void Tick::answer_probes(const std::vector<const Probe*>& asked, Result<ListOffsetsResponse> answer) {
  if (!answer) return failed(answer.error());
  succeeded();
  std::map<std::pair<std::string_view, int>, const Probe*> by_place;
  for (const Probe* probe : asked) by_place[{probe->topic, probe->partition}] = probe;
  for (const auto& topic : answer->topics)
    for (const auto& partition : topic.partitions) {
      const auto its = by_place.find({topic.name, partition.partition_index});
      if (its == by_place.end() || to_error_code(partition.error_code) != ErrorCode::kNone) continue;
      ProbeAnswer& given = sample_.probes.emplace_back();
      given.probe = *its->second;
      given.offset = Reading::of(partition.offset < 0 ? kNoOffset : partition.offset);
      if (partition.offset >= 0 && partition.timestamp >= 0)
        given.record_time = WallTime{Duration{partition.timestamp}};
      by_place.erase(its);
    }
}

}  // namespace penstock::kafka::wire
