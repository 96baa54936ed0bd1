#include <penstock/base/stop.hpp>
#include <penstock/cli/load_source.hpp>

#include <algorithm>

namespace penstock::cli {
namespace {

constexpr Duration kStep = 1s;
// A cluster is known after a few looks.
constexpr Duration kFeedPatience = 10s, kFeedPause = 100ms;

Result<Arrived> first_look(LoadSource& source, const Clock& clock, const std::stop_token& stop) {
  const Deadline deadline = Deadline::in(clock, kFeedPatience);
  for (;;) {
    auto seen = source.look(stop);
    if (seen || deadline.passed(clock) || seen.error().retry.when == Retry::When::kNever) return seen;
    if (!wait_for(stop, kFeedPause)) return fail(Code::kCancelled, "stopping", Retry::never());
  }
}

}  // namespace

KafkaLoad::KafkaLoad(std::unique_ptr<kafka::OffsetReader> reader, const api::ConsumerScalerSpec& spec, Duration timeout)
    : reader_(std::move(reader)), timeout_(timeout), stable_(spec.read_committed) {
  plan_.groups.push_back({.id = spec.consumer_group,
                          .topics = {spec.topics.begin(), spec.topics.end()},
                          .committed_topics = spec.topics.empty(),
                          .ends = !stable_,
                          .stable_ends = stable_});
}

Result<KafkaLoad::Ends> KafkaLoad::ends_in(const kafka::Sample& sample) const {
  const kafka::SamplePlan::Group& group = plan_.groups.front();
  if (const auto its = sample.groups.find(group.id);
      group.committed_topics && its != sample.groups.end() && !its->second.commits)
    return fail("group " + group.id, its->second.commits.error());
  Ends all;
  for (const auto& [name, topic] : sample.topics) {
    if (!topic) return fail("topic " + name, topic.error());
    auto& ends = all[name];
    for (const Reading& end : stable_ ? topic->stable_ends : topic->ends) {
      if (!end.known()) return fail("topic " + name, *end.error);
      ends.push_back(end.value);
    }
  }
  if (all.empty())
    return fail(Code::kNotFound, "group " + group.id + " has committed to no topic, and the file names none");
  return all;
}

Result<Arrived> KafkaLoad::look(const std::stop_token& stop) {
  const Result<kafka::Sample> sample = reader_->read(plan_, timeout_, stop);
  if (!sample) return std::unexpected(sample.error());
  auto ends = ends_in(*sample);
  if (!ends) return std::unexpected(ends.error());
  for (const auto& [name, now] : *ends) {
    const auto before = ends_.find(name);
    if (before == ends_.end()) continue;  // what is in a topic at the first sight of it has not arrived now
    for (std::size_t i = 0; i < now.size(); ++i) {
      // One that ends earlier than it did was made anew, and all that is in it has arrived since.
      const std::int64_t was = i < before->second.size() && before->second[i] <= now[i] ? before->second[i] : 0;
      records_ += static_cast<double>(now[i] - was);
    }
  }
  ends_ = std::move(*ends);
  return Arrived{sample->taken, records_};
}

Result<Arrived> FeedLoad::look(const std::stop_token& stop) {
  const auto answer = decisions_->read(stop);
  if (!answer) return std::unexpected(answer.error());
  const auto& scalers = answer->value.at("consumerScalers");
  if (scalers.empty()) return fail(Code::kNotFound, answer->problems.empty() ? "" : answer->problems.front());
  if (scalers.size() > 1)
    return fail(Code::kInvalid, "there is a ConsumerScaler of that name in several namespaces: give -n",
                Retry::never());
  const auto& its = scalers.at(0);
  if (its.at("freshness") != "Fresh" || its.at("arrivalRate").is_null())
    return fail(Code::kUnavailable, "the scaler does not know the arrival rate" +
                                        (its.contains("error") ? ": " + its.at("error").get<std::string>() : ""));
  const SteadyTime now = clock_.now();
  const double time = last_ ? std::chrono::duration<double>(now - last_->at).count() : 0;
  last_ = {now, (last_ ? last_->records : 0) + its.at("arrivalRate").get<double>() * time};
  return *last_;
}

Result<simulation::Recording> record(LoadSource& source, Duration length, Console& console, const Clock& clock,
                                     const std::stop_token& stop) {
  const auto first = first_look(source, clock, stop);
  if (!first) return std::unexpected(first.error());
  console.err << "Recording for " << format_duration(length) << "; Ctrl-C ends it early.\n" << std::flush;
  simulation::Recording recording;
  std::string problem;
  const SteadyTime began = clock.now();
  for (Duration due{}; due < length;) {
    due = std::min(std::max(due + kStep, clock.now() - began), length);
    if (!wait_for(stop, std::max(began + due - clock.now(), Duration{0}))) break;
    const auto seen = source.look(stop);
    if (stop.stop_requested()) break;
    if (seen) {
      recording.add(seen->at - first->at, seen->records);
      problem.clear();
    } else if (seen.error().what != problem) {
      problem = seen.error().what;
      console.err << "warning: for now nothing is recorded: " << problem << "\n" << std::flush;
    }
  }
  if (recording.length() == 0s)
    return fail(Code::kUnavailable, "nothing was recorded: " + (problem.empty() ? "there was no time" : problem));
  return recording;
}

}  // namespace penstock::cli
