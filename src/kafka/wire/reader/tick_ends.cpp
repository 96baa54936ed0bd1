// The third round of a tick: where the logs end and start, and what probes find.
#include "../messages/error_code.hpp"
#include "tick.hpp"

namespace penstock::kafka::wire {
namespace {

// Starts only move with retention: a start a few seconds old is a bound that is good enough.
constexpr Duration kStartRefresh = 10s;
// How much one request asks for: its answer stays below some 4 MB, and a broker's thread busy for tens of milliseconds.
constexpr std::size_t kPlacesAtOnce = 50'000;

}  // namespace

void Tick::gather_topics() {
  for (const auto& group : plan_.groups) {
    const auto want = [&](const std::string& topic) {
      Wanted& wanted = wanted_[topic];
      wanted.end |= group.ends;
      wanted.stable_end |= group.stable_ends;
    };
    for (const std::string& topic : group.topics) want(topic);
    for (const std::string& topic : memory_.groups.of(group.id).committed_topics) want(topic);
  }
  memory_.topics.keep_only([this](const std::string& topic) { return wanted_.contains(topic); });
  std::vector<std::string> unknown;
  for (const auto& [topic, wanted] : wanted_)
    if (memory_.topics.due(topic, now_)) unknown.push_back(topic);
  if (unknown.empty()) return;
  std::ranges::sort(unknown);
  std::map<std::string, std::size_t> before;
  for (const std::string& topic : unknown) before[topic] = partitions_of(topic);
  look_up(unknown);
  asks_.run();
  read_commits_of_grown(before);
}

std::size_t Tick::partitions_of(const std::string& topic) {
  const KnownTopic* known = memory_.topics.find(topic);
  return known ? known->leaders.size() : 0;
}

// A member may have been quick with a partition that is new to us, and a commit that wasn't asked for must not look
// like none.
void Tick::read_commits_of_grown(const std::map<std::string, std::size_t>& before) {
  Groups again;
  for (const auto& group : plan_.groups) {
    const bool short_of = std::ranges::any_of(group.topics, [&](const std::string& topic) {
      const auto asked = before.find(topic);
      // Of a topic that was not known all commits were asked for.
      return asked != before.end() && asked->second > 0 && asked->second < partitions_of(topic);
    });
    const bool all_asked = group.committed_topics || memory_.groups.of(group.id).type == "Share";
    if (short_of && !all_asked && sample_.groups.at(group.id).commits) again.push_back(&group);
  }
  read_commits(again);
  asks_.run();
}

void Tick::read_ends() {
  std::vector<Place> places;
  for (const auto& [topic, wanted] : wanted_) {
    if (!memory_.topics.find(topic)) {
      sample_.topics.emplace(topic, std::unexpected(memory_.topics.error(topic)));
      continue;
    }
    add_places(topic, wanted, places);
  }
  read_places(std::move(places));
  read_probes();
  asks_.run();
  if (missed_.empty() && cut_.empty()) return;
  std::set<std::string> doubtful = cut_;
  for (const Place& place : missed_) doubtful.insert(*place.topic);
  look_up({doubtful.begin(), doubtful.end()});
  asks_.run();
  std::vector<Place> again = std::exchange(missed_, {});
  // Where such a log starts now, and under which id, is not what is remembered.
  for (const std::string& topic : std::exchange(cut_, {})) {
    std::erase_if(again, [&](const Place& place) { return *place.topic == topic; });
    const std::string id = sample_.topics.at(topic)->id;
    sample_.topics.erase(topic);
    if (KnownTopic* known = memory_.topics.find(topic)) {
      std::ranges::fill(known->starts, std::nullopt);
      // Whoever was asked may not have heard of it yet.
      if (known->id == id) memory_.topics.doubt(topic);
      add_places(wanted_.find(topic)->first, wanted_[topic], again);
    } else {
      sample_.topics.emplace(topic, std::unexpected(memory_.topics.error(topic)));
    }
  }
  read_places(std::move(again));
  asks_.run();
}

void Tick::add_places(const std::string& topic, Wanted wanted, std::vector<Place>& places) {
  const KnownTopic& known = *memory_.topics.find(topic);
  TopicSample& its = *sample_.topics.emplace(topic, TopicSample{}).first->second;
  const std::size_t count = known.leaders.size();
  its.id = known.id;
  its.starts.resize(count);
  if (wanted.end) its.ends.resize(count);
  if (wanted.stable_end) its.stable_ends.resize(count);
  for (int p = 0; p < static_cast<int>(count); ++p) {
    if (wanted.end) places.push_back({Edge::kEnd, &topic, p});
    if (wanted.stable_end) places.push_back({Edge::kStableEnd, &topic, p});
    const auto& start = known.starts[static_cast<std::size_t>(p)];
    if (!start || now_ - start->read >= kStartRefresh) places.push_back({Edge::kStart, &topic, p});
  }
}

Reading* Tick::slot(const Place& place) {
  const auto found = sample_.topics.find(*place.topic);
  if (place.edge == Edge::kStart || found == sample_.topics.end() || !found->second) return nullptr;
  auto& readings = place.edge == Edge::kEnd ? found->second->ends : found->second->stable_ends;
  const auto index = static_cast<std::size_t>(place.partition);
  return index < readings.size() ? &readings[index] : nullptr;
}

void Tick::read_places(std::vector<Place> places) {
  std::map<std::pair<int, Edge>, std::vector<Place>> by_leader;
  for (const Place& place : places) {
    const KnownTopic* known = memory_.topics.find(*place.topic);
    const auto index = static_cast<std::size_t>(place.partition);
    const int leader = known && index < known->leaders.size() ? known->leaders[index] : -1;
    if (leader >= 0) {
      by_leader[{leader, place.edge}].push_back(place);
    } else {
      memory_.topics.doubt(*place.topic);
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
  for (const Place& place : places) {
    if (request.topics.empty() || request.topics.back().name != *place.topic)
      request.topics.emplace_back().name = *place.topic;
    request.topics.back().partitions.push_back({place.partition, -1, edge == Edge::kStart ? kEarliest : kLatest});
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
  // Brokers keep neither the order of the request nor promises about it.
  for (const auto& topic : answer->topics) {
    const auto known = wanted_.find(topic.name);
    if (known == wanted_.end()) continue;
    for (const auto& partition : topic.partitions) {
      const Place place{edge, &known->first, partition.partition_index};
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
  KnownTopic* known = memory_.topics.find(*place.topic);
  const auto index = static_cast<std::size_t>(place.partition);
  if (!known || index >= known->starts.size()) return;
  if (place.edge == Edge::kStart) {
    known->starts[index] = {offset, now_};
    return;
  }
  std::int64_t& last = (place.edge == Edge::kEnd ? known->ends : known->stable_ends)[index];
  if (offset < last) cut_.insert(*place.topic);
  last = offset;
}

void Tick::missed(const Place& place, const Reading& why, bool moved) {
  if (Reading* reading = slot(place)) *reading = why;
  if (!moved) return;
  memory_.topics.doubt(*place.topic);
  missed_.push_back(place);
}

void Tick::read_probes() {
  std::map<int, std::vector<const Probe*>> by_leader;
  for (const Probe& probe : plan_.probes) {
    const KnownTopic* known = memory_.topics.find(probe.topic);
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
