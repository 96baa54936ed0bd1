// How to find out how old the oldest waiting records are when nobody was there to see them arrive: by asking which
// offset was the first at a time, never by reading a record. Pure.
#pragma once
#include <penstock/scaling/lag.hpp>

#include <span>
#include <string>
#include <vector>

namespace penstock::scaling {

// A question worth asking: the first offset whose record has this time or a later one.
struct ProbeTime {
  std::string topic;
  int partition = 0;
  WallTime time{};
  bool operator==(const ProbeTime&) const = default;
};

// At most `most`, one a partition, where least is known first; the same questions in the same order for the same ages.
// `wall` is the time at which the ages were taken. Half a minute back at first, twice as far while the record is older,
// then in the middle of the bounds.
std::vector<ProbeTime> propose_probes(std::span<const OpenAge> open, WallTime wall, std::size_t most);

// What such a question brought.
struct ProbeResult {
  WallTime time{};                      // that was asked about
  std::int64_t offset = 0;              // kNoOffset: every record is older
  std::optional<WallTime> record_time;  // of the record at that offset
};

// Notes it in the history of a partition; `wall` and `now` are the same moment, of the sample that the answer came
// with. Producers set records' times and may lie: what lies in the future or contradicts what was seen is left out.
// False when nothing was learnt.
bool learn(EndHistory& history, std::size_t partition, const ProbeResult& result, WallTime wall, SteadyTime now);

}  // namespace penstock::scaling
