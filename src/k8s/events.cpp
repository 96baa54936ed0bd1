#include <penstock/base/hash.hpp>
#include <penstock/base/log.hpp>
#include <penstock/k8s/events.hpp>

#include <algorithm>
#include <utility>

namespace penstock::k8s {

namespace {

// A repetition after this long is a new event, as in client-go.
constexpr Duration kWindow = 6min;
// A series that goes on is written this often at most: a person looks rarely, a failing reconcile repeats for hours.
constexpr Duration kWriteEvery = 1min;
constexpr Duration kTimeout = 5s;
// Limits of events.k8s.io/v1: the note in bytes, and the length of an object's name.
constexpr std::size_t kLongestNote = 1024;
constexpr std::size_t kLongestName = 253;

// Cut before the limit, at the border of a UTF-8 character.
std::string shortened(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

Json reference_to(const Json& object) {
  Json out = Json::object();
  for (const auto* name : {"apiVersion", "kind"})
    if (object.contains(name)) out[name] = object[name];
  const Json metadata = object.value("metadata", Json::object());
  for (const auto* name : {"namespace", "name", "uid", "resourceVersion"})
    if (metadata.contains(name)) out[name] = metadata[name];
  return out;
}

}  // namespace

EventRecorder::EventRecorder(Client client, std::string controller, std::string instance, const Clock& clock)
    : client_(client.with_timeout(kTimeout)),
      controller_(std::move(controller)),
      instance_(std::move(instance)),
      clock_(clock) {}

void EventRecorder::record(const Json& regarding, const std::string& type, const std::string& reason,
                           const std::string& action, const std::string& note) {
  Json about = reference_to(regarding);
  about.erase("resourceVersion");
  const std::string identity =
      Json{about, type, reason, action, note}.dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto write = count(identity, regarding);
  if (!write) return;
  auto written = write->count == 1 ? create_event(*write, regarding, type, reason, action, note) : patch_series(*write);
  if (written) return;
  // Gone with its time to live, or never made: the next one starts anew.
  forget(identity);
  log::warn("an event could not be written", {{"controller", controller_},
                                              {"namespace", key_of(regarding).ns},
                                              {"name", key_of(regarding).name},
                                              {"reason", reason},
                                              {"note", note},
                                              {"error", written.error().to_string()}});
}

std::optional<EventRecorder::Write> EventRecorder::count(const std::string& identity, const Json& regarding) {
  const SteadyTime now = clock_.now();
  std::lock_guard lock(mutex_);
  std::erase_if(series_, [&](const auto& entry) { return now - entry.second.last_seen >= kWindow; });
  const auto [entry, fresh] = series_.try_emplace(identity);
  Series& series = entry->second;
  series.last_seen = now;
  if (fresh) {
    const ObjectKey about = key_of(regarding);
    // Unique over processes and restarts too: the time and the instance are in the hash.
    const std::string suffix =
        "." + stable_hash(identity + instance_ + format_micro_time(clock_.wall()) + "/" + std::to_string(++made_));
    std::string name = shortened(about.name, kLongestName - suffix.size());
    // What the cut left at the end may not stand before a dot.
    while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
    series.event = {about.ns.empty() ? "default" : about.ns, name + suffix};
    series.last_written = now;
    return Write{series.event, 1};
  }
  ++series.count;
  // The second at once, so that it is seen to repeat.
  if (series.count > 2 && now - series.last_written < kWriteEvery) return std::nullopt;
  series.last_written = now;
  return Write{series.event, series.count};
}

Result<Json> EventRecorder::create_event(const Write& write, const Json& regarding, const std::string& type,
                                         const std::string& reason, const std::string& action,
                                         const std::string& note) const {
  const Json event{{"metadata", {{"namespace", write.event.ns}, {"name", write.event.name}}},
                   {"eventTime", format_micro_time(clock_.wall())},
                   {"reportingController", "penstock.dev/" + controller_},
                   {"reportingInstance", shortened(instance_, 128)},
                   {"regarding", reference_to(regarding)},
                   {"type", type},
                   {"reason", reason},
                   {"action", action},
                   {"note", shortened(note, kLongestNote)}};
  return client_.call(create(kinds::kEvent, event, "penstock-events"));
}

Result<Json> EventRecorder::patch_series(const Write& write) const {
  const Json patch{{"series", {{"count", write.count}, {"lastObservedTime", format_micro_time(clock_.wall())}}}};
  return client_.call(merge_patch(kinds::kEvent, write.event, patch, "penstock-events"));
}

void EventRecorder::forget(const std::string& identity) {
  std::lock_guard lock(mutex_);
  series_.erase(identity);
}

}  // namespace penstock::k8s
