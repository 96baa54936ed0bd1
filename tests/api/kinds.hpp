// The three resources behind one signature, so that a test can go through them.
#pragma once
#include <penstock/api/consumer_scaler.hpp>
#include <penstock/api/event_platform.hpp>
#include <penstock/api/topic.hpp>

namespace penstock::test {

template <class Parsed>
Result<Json> printed(const Result<Parsed>& parsed) {
  if (!parsed) return std::unexpected(parsed.error());
  return api::print(*parsed);
}

// Parsed and printed again.
inline Result<Json> round_trip(std::string_view kind, const Json& object) {
  if (kind == "EventPlatform") return printed(api::parse_event_platform(object));
  if (kind == "Topic") return printed(api::parse_topic(object));
  return printed(api::parse_consumer_scaler(object));
}

}  // namespace penstock::test
