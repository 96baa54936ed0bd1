#include <penstock/scaling/history.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace penstock::scaling {
namespace {

constexpr std::int64_t kNobody = std::numeric_limits<std::int64_t>::max();
// So many points go at once when there is no room left: looking for those that are missed least costs as much for one.
constexpr std::size_t kThinned = 4;

}  // namespace

void EndHistory::observe(std::string_view topic_id, std::span<const Reading> ends, SteadyTime now) {
  const bool is_new_topic = !topic_id.empty() && !topic_id_.empty() && topic_id != topic_id_;
  if (!topic_id.empty() && topic_id != topic_id_) topic_id_ = topic_id;
  if (ends.size() != tracks_.size()) {
    tracks_.resize(ends.size());
    ends_.resize(ends.size());
    needed_.resize(ends.size(), kNobody);
    points_.resize(ends.size() * room_);
  }
  for (std::size_t p = 0; p < ends.size(); ++p) {
    Track& track = tracks_[p];
    if (!ends[p].known()) {
      track.missed = true;
      // What is read next is of another topic than what was read last.
      if (is_new_topic && track.life != 0) ends_[p] = kNobody;
      continue;
    }
    const std::int64_t end = ends[p].value;
    if (track.life == 0 || is_new_topic || end < ends_[p]) {
      begin(p, end, now, is_new_topic);
    } else if (end != ends_[p]) {
      moved(p, end, now);
    }
    track.missed = false;
  }
  observed_ = now;
}

void EndHistory::begin(std::size_t partition, std::int64_t end, SteadyTime now, bool is_new_topic) {
  Track& track = tracks_[partition];
  // The topic that was there at the last sample was another one: all of this one's records are younger.
  const bool all_are_young = is_new_topic && track.life != 0 && !track.missed && observed_ && *observed_ < now;
  track = {.since = now, .ask_again = SteadyTime::min(), .life = ++lives_, .count = 0, .missed = false};
  ends_[partition] = end;
  needed_[partition] = kNobody;
  if (all_are_young) append(partition, {*observed_, 0}, now);
  append(partition, {now, end}, now);
}

void EndHistory::moved(std::size_t partition, std::int64_t end, SteadyTime now) {
  Track& track = tracks_[partition];
  forget_consumed(partition);
  // The end stood still until the last sample: what arrived since is younger than that.
  const Point* last = points_of(partition) + track.count - 1;
  if (!track.missed && observed_ && *observed_ > last->time && *observed_ < now)
    append(partition, {*observed_, ends_[partition]}, now);
  ends_[partition] = end;
  track.since = now;
  last = points_of(partition) + track.count - 1;
  if (last->time < now) append(partition, {now, end}, now);
}

void EndHistory::append(std::size_t partition, Point point, SteadyTime now) {
  Track& track = tracks_[partition];
  if (track.count == room_ && room_ < kMaxPoints) make_room();
  if (track.count == room_) thin(partition, now);
  points_of(partition)[track.count++] = point;
}

void EndHistory::make_room() {
  const std::size_t room = room_ * 2;
  std::vector<Point> points(tracks_.size() * room);
  for (std::size_t p = 0; p < tracks_.size(); ++p)
    std::copy_n(points_of(p), tracks_[p].count, points.data() + p * room);
  points_ = std::move(points);
  room_ = room;
}

// The newest point that tells only of consumed records stays: it bounds the age of the next one from above.
void EndHistory::forget_consumed(std::size_t partition) {
  Track& track = tracks_[partition];
  const std::int64_t needed = std::exchange(needed_[partition], kNobody);
  if (needed == kNobody) return;
  Point* const points = points_of(partition);
  std::uint16_t gone = 0;
  while (gone + 1 < track.count && points[gone + 1].end <= needed) ++gone;
  if (gone == 0) return;
  std::copy(points + gone, points + track.count, points);
  track.count = static_cast<std::uint16_t>(track.count - gone);
}

// Drops the points that are missed least, so that points lie ever farther apart the older they are: those whose
// neighbours are closest together for their age. The first and the last stay.
void EndHistory::thin(std::size_t partition, SteadyTime now) {
  Track& track = tracks_[partition];
  Point* const points = points_of(partition);
  const std::size_t enough = track.count - kThinned;
  // At first only where the gap that is left hardly matters; at 1,000 thousandths all but the first and the last may
  // go.
  for (std::int64_t most = 50; track.count > enough; most = std::min<std::int64_t>(most * 3 / 2, 1000)) {
    const std::size_t count = track.count;
    std::size_t kept = count - 1;  // what stays moves to the back
    for (std::size_t i = count - 1; i-- > 0;) {
      const std::size_t gone = kept - 1 - i;
      const auto gap = [&] { return points[kept].time - points[i - 1].time; };
      const auto age = [&] { return now - points[i - 1].time; };
      if (i > 0 && gone < count - enough && gap() * 1000 <= age() * most) continue;
      points[--kept] = points[i];
    }
    std::copy(points + kept, points + count, points);
    track.count = static_cast<std::uint16_t>(count - kept);
  }
}

std::optional<Age> EndHistory::age_of(std::size_t partition, std::int64_t offset, SteadyTime now) const {
  if (life(partition) == 0 || offset >= ends_[partition]) return std::nullopt;
  const Point* const first = points_of(partition);
  const Point* later = first + tracks_[partition].count - 1;
  // Consumers are near the end more often than not. Without a point after it the record is of the newest sample.
  while (later != first && (later - 1)->end > offset) --later;
  Age age;
  age.at_least = std::max(Duration{0}, now - later->time);
  if (later != first) age.at_most = std::max(Duration{0}, now - (later - 1)->time);
  return age;
}

bool EndHistory::insert(std::size_t partition, SteadyTime time, std::int64_t end) {
  if (life(partition) == 0) return false;
  Track& track = tracks_[partition];
  if (track.count == kMaxPoints) thin(partition, *observed_);
  if (track.count == room_) make_room();
  Point* const first = points_of(partition);
  Point* const last = first + track.count;
  Point* const after = std::lower_bound(first, last, time, [](const Point& p, SteadyTime t) { return p.time < t; });
  // Of the time after the last change everything is known.
  if (after == last || after->time == time || after->end < end) return false;
  if (after != first && (after - 1)->end > end) return false;
  std::copy_backward(after, last, last + 1);
  *after = {time, end};
  ++track.count;
  return true;
}

void EndHistory::put_off(std::size_t partition, SteadyTime until) {
  if (partition < tracks_.size()) tracks_[partition].ask_again = until;
}

void EndHistory::keep_all() {
  std::fill(needed_.begin(), needed_.end(), 0);
}

void Rate::add(double records, Duration time, Duration window) {
  const double seconds = std::chrono::duration<double>(time).count();
  const double fade = std::exp(-seconds / std::max(std::chrono::duration<double>(window).count(), 1.0));
  records_ = records_ * fade + records;
  seconds_ = seconds_ * fade + seconds;
  idle_ = records > 0 ? Duration{} : idle_ + time;
  if (idle_ >= 3 * window) records_ = 0;
}

std::optional<double> Rate::per_second() const {
  if (seconds_ <= 0) return std::nullopt;
  return records_ / seconds_;
}

GroupPast::Topic& GroupPast::of(std::string_view topic) {
  const auto found = std::lower_bound(topics.begin(), topics.end(), topic,
                                      [](const Topic& one, std::string_view name) { return one.name < name; });
  if (found != topics.end() && found->name == topic) return *found;
  return *topics.insert(found, Topic{std::string(topic), {}, {}, {}, {}});
}

}  // namespace penstock::scaling
