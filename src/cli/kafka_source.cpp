#include <penstock/base/stop.hpp>
#include <penstock/cli/group_rows.hpp>
#include <penstock/cli/kafka_source.hpp>

#include <algorithm>

namespace penstock::cli {
namespace {

// How long a person waits for a better answer, and how often it is looked for.
constexpr Duration kPatience = 2s, kPause = 100ms;
// A commit that lies beyond its end is told from one that came between two requests by looking twice.
constexpr int kLooks = 2;
constexpr Duration kListRefresh = 10s;

bool consumes(const kafka::GroupEntry& group) {
  return group.protocol.empty() || group.protocol == "consumer" || (group.type != "Classic" && !group.type.empty());
}

bool may_pass(const Error& error) {
  return error.code == Code::kUnavailable || error.code == Code::kTimeout || error.code == Code::kThrottled;
}

// Whether something that could not be read may be a moment later.
bool is_pending(const kafka::Sample& sample) {
  const auto waits = [](const std::vector<Reading>& readings) {
    return std::ranges::any_of(readings, [](const Reading& r) { return !r.known() && may_pass(*r.error); });
  };
  for (const auto& [name, topic] : sample.topics)
    if (topic ? waits(topic->ends) || waits(topic->stable_ends) || waits(topic->starts) : may_pass(topic.error()))
      return true;
  for (const auto& [id, group] : sample.groups) {
    // Without its commits nobody asks what else can't be known of a group.
    if (group.commits ? !group.info && may_pass(group.info.error()) : may_pass(group.commits.error())) return true;
    if (std::ranges::any_of(group.committed, [&](const auto& committed) { return waits(committed.second); }))
      return true;
  }
  return false;
}

}  // namespace

KafkaSource::KafkaSource(std::unique_ptr<kafka::OffsetReader> reader, std::unique_ptr<kafka::GroupLister> lister,
                         KafkaWish wish, GroupView view, const Clock& clock)
    : reader_(std::move(reader)), lister_(std::move(lister)), wish_(std::move(wish)), view_(view), clock_(clock) {}

Result<Answer> KafkaSource::read(std::stop_token stop) {
  auto found = report(stop);
  if (!found) return std::unexpected(found.error());
  return answer_of(std::move(*found), view_);
}

Result<GroupReport> KafkaSource::report(const std::stop_token& stop) {
  if (auto chosen = choose_groups(stop); !chosen) return std::unexpected(chosen.error());
  const SteadyTime began = clock_.now();
  for (int looks = 1;; ++looks) {
    auto found = look(stop);
    if (!found || settled_ || subjects_.empty()) return found;
    const bool done = !pending_ && engine_.plan(subjects_).probes.empty() && looks >= kLooks;
    if (done || clock_.now() - began >= kPatience) {
      settled_ = true;
      return found;
    }
    if (pending_ && !wait_for(stop, kPause)) return fail(Code::kCancelled, "stopping", Retry::never());
  }
}

Result<void> KafkaSource::choose_groups(const std::stop_token& stop) {
  std::vector<std::string> groups = wish_.groups;
  if (groups.empty()) {
    if (chosen_ && clock_.now() - *chosen_ < kListRefresh) return {};
    const auto list = lister_->list(wish_.timeout, stop);
    if (!list) return std::unexpected(list.error());
    for (const kafka::GroupEntry& group : list->groups)
      if (consumes(group)) groups.push_back(group.id);
    missing_.clear();
    for (const Error& error : list->missing) missing_.push_back(error.to_string());
  } else if (chosen_) {
    return {};
  }
  chosen_ = clock_.now();
  std::ranges::sort(groups);
  groups.erase(std::ranges::unique(groups).begin(), groups.end());
  std::vector<scaler::Subject> subjects;
  for (const std::string& group : groups) {
    const auto same = [&](const scaler::Subject& subject) { return subject.scaler->spec.consumer_group == group; };
    const auto known = std::ranges::find_if(subjects_, same);
    subjects.push_back(known == subjects_.end() ? subject_of(group) : *known);
  }
  subjects_ = std::move(subjects);
  return {};
}

scaler::Subject KafkaSource::subject_of(const std::string& group) const {
  auto scaler = std::make_shared<api::ConsumerScaler>();
  scaler->meta.name = scaler->meta.uid = group;
  scaler->spec.consumer_group = group;
  // Of a group that nobody named it is not known whether it reads these.
  if (!wish_.groups.empty()) scaler->spec.topics = wish_.topics;
  scaler->spec.read_committed = wish_.read_committed;
  scaler->spec.offset_reset = wish_.offset_reset;
  return {std::move(scaler), std::nullopt, {}};
}

Result<GroupReport> KafkaSource::look(const std::stop_token& stop) {
  GroupReport report;
  report.at = clock_.wall();
  report.problems = missing_;
  if (subjects_.empty()) return report;
  const Result<kafka::Sample> sample = reader_->read(engine_.plan(subjects_), wish_.timeout, stop);
  if (!sample) return std::unexpected(sample.error());
  pending_ = is_pending(*sample);
  const auto entries = engine_.tick(subjects_, &sample, clock_.now(), clock_.wall());
  report.at = sample->wall;
  const RowOptions options{wish_.topics, view_.partitions, !wish_.groups.empty()};
  for (std::size_t i = 0; i < subjects_.size(); ++i) {
    GroupRow row = row_of(subjects_[i].scaler->spec.consumer_group, *sample, *entries[i], options);
    const bool filtered_out = row.topics.empty() && !row.unread && !wish_.topics.empty() && wish_.groups.empty();
    if (!filtered_out) report.groups.push_back(std::move(row));
  }
  return report;
}

}  // namespace penstock::cli
