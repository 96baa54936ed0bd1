#include <penstock/cli/group_rows.hpp>

#include <algorithm>
#include <span>

namespace penstock::cli {
namespace {

constexpr std::size_t kPartitionsNamed = 5;

// "3, 5, 7"; of many only the first.
std::string list_of(const std::vector<int>& partitions) {
  std::string text = partitions.size() == 1 ? "partition " : "partitions ";
  for (std::size_t i = 0; i < std::min(partitions.size(), kPartitionsNamed); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(partitions[i]);
  if (partitions.size() > kPartitionsNamed)
    text += " and " + std::to_string(partitions.size() - kPartitionsNamed) + " more";
  return text;
}

void add_note(std::string& notes, const std::string& note) {
  notes += (notes.empty() ? "" : "; ") + note;
}

Reading at(std::span<const Reading> readings, std::size_t partition, Reading otherwise = {}) {
  return partition < readings.size() ? readings[partition] : otherwise;
}

class TopicMaker {
 public:
  TopicMaker(const kafka::Sample& sample, const kafka::GroupSample& group, const scaler::Entry& entry)
      : sample_(sample), group_(group), entry_(entry) {}

  TopicRow make(const std::string& name, bool with_partitions) {
    TopicRow row;
    row.topic = name;
    const auto read = sample_.topics.find(name);
    if (read == sample_.topics.end() || !read->second) {
      row.unread = true;
      row.note = read == sample_.topics.end() ? kNotRead.what : read->second.error().what;
      return row;
    }
    const auto found = std::ranges::find(entry_.topics, name, &scaling::TopicLag::name);
    if (found == entry_.topics.end()) {
      row.unread = true;
      row.note = kNotRead.what;
      return row;
    }
    add_partitions(row, *read->second, *found);
    summarise(row, *found);
    if (!with_partitions) row.by_partition.clear();
    return row;
  }

  // A member has it and nothing was ever committed to it: no part of the lag that anybody knows.
  static TopicRow uncommitted(const std::string& name, const std::vector<int>& assigned) {
    TopicRow row;
    row.topic = name;
    row.partitions = static_cast<int>(assigned.size());
    row.counts = false;
    row.note = "assigned, nothing committed yet";
    return row;
  }

 private:
  void add_partitions(TopicRow& row, const kafka::TopicSample& read, const scaling::TopicLag& lag) {
    const std::span<const Reading> ends = read.ends.empty() ? read.stable_ends : read.ends;
    const auto committed = group_.committed.find(row.topic);
    const std::span<const Reading> commits =
        committed == group_.committed.end() ? std::span<const Reading>() : committed->second;
    for (std::size_t p = 0; p < static_cast<std::size_t>(lag.partitions); ++p) {
      PartitionRow& one = row.by_partition.emplace_back();
      one.partition = static_cast<int>(p);
      const Reading end = at(ends, p), start = at(read.starts, p), commit = at(commits, p, Reading::of(kNoCommit));
      if (end.known()) one.end = end.value;
      if (start.known()) one.start = start.value;
      if (commit.known() && commit.value != kNoCommit) one.committed = commit.value;
      for (const Reading* reading : {&end, &start, &commit})
        if (!reading->known() && !one.unread) {
          one.unread = true;
          one.note = reading->error->what;
        }
      if (one.unread) continue;
      if (p < lag.by_partition.size() && lag.by_partition[p] != scaling::TopicLag::kUnknown)
        one.lag = lag.by_partition[p];
      if (!one.committed) add_note(one.note, "no commit");
      if (one.committed > one.end) add_note(one.note, "committed beyond the end");
      if (idle(row.topic, one.partition)) add_note(one.note, "no member has it");
    }
  }

  void summarise(TopicRow& row, const scaling::TopicLag& lag) const {
    row.partitions = lag.partitions;
    std::vector<int> unread, bare, idle_ones;
    for (const PartitionRow& one : row.by_partition) {
      if (one.unread) unread.push_back(one.partition);
      if (!one.unread && !one.committed) bare.push_back(one.partition);
      if (idle(row.topic, one.partition)) idle_ones.push_back(one.partition);
    }
    row.unread = !unread.empty() || !lag.complete();
    if (!row.unread) {
      row.lag = lag.lag;
      row.delay = lag.delay;
    }
    row.arrival_rate = lag.arrival_rate;
    row.consumption_rate = lag.consumption_rate;
    if (!unread.empty())
      add_note(row.note, list_of(unread) + ": " + row.by_partition[static_cast<std::size_t>(unread.front())].note);
    if (!bare.empty()) add_note(row.note, "no commit in " + list_of(bare));
    if (!idle_ones.empty()) add_note(row.note, "no member has " + list_of(idle_ones));
    for (const api::Verdict& verdict : entry_.verdicts) {
      if (verdict.topic != row.topic) continue;
      add_note(row.note, verdict.type + " in " + list_of(verdict.partitions) + ": " + verdict.message);
      row.alarming |= verdict.type != "TailIgnored";
    }
  }

  // A group at rest has given each partition of its topics to a member.
  bool idle(const std::string& topic, int partition) const {
    if (!group_.info || group_.info->state != "Stable" || !group_.info->assigned) return false;
    const auto found = group_.info->assigned->find(topic);
    return found == group_.info->assigned->end() || !std::ranges::binary_search(found->second, partition);
  }

  const kafka::Sample& sample_;
  const kafka::GroupSample& group_;
  const scaler::Entry& entry_;
};

bool has_commit(const std::vector<Reading>& committed) {
  return std::ranges::any_of(committed, [](const Reading& r) { return !r.known() || r.value != kNoCommit; });
}

// Sums that have no unknown part.
void sum_up(GroupRow& row) {
  std::int64_t lag = 0;
  api::Delay delay;
  bool any = false;
  for (const TopicRow& topic : row.topics) {
    if (!topic.counts) continue;
    if (!topic.lag || !topic.delay) return;
    any = true;
    lag += *topic.lag;
    delay.age = std::max(delay.age, topic.delay->age);
    delay.at_least |= topic.delay->at_least;
  }
  if (!any) return;
  row.lag = lag;
  row.delay = delay;
}

}  // namespace

GroupRow row_of(const std::string& group, const kafka::Sample& sample, const scaler::Entry& entry,
                const RowOptions& options) {
  GroupRow row;
  row.group = group;
  const auto found = sample.groups.find(group);
  if (found == sample.groups.end() || !found->second.commits) {
    row.unread = true;
    row.note = found == sample.groups.end() ? kNotRead.what : found->second.commits.error().what;
    return row;
  }
  const kafka::GroupSample& its = found->second;
  if (its.info) {
    row.state = entry.group;
  } else {
    row.unread = true;
    row.note = "can't be described: " + its.info.error().what;
  }
  const auto wanted = [&](const std::string& topic) {
    return options.topics.empty() || std::ranges::find(options.topics, topic) != options.topics.end();
  };
  TopicMaker topics(sample, its, entry);
  std::set<std::string> names;
  for (const auto& [topic, committed] : its.committed)
    if (has_commit(committed)) names.insert(topic);
  const bool unheard_of = names.empty() && its.info && its.info->state == "Dead";
  if (unheard_of && options.named) {
    row.unread = true;
    row.note = "no such group, or it may not be seen";
    return row;
  }
  if (options.named) names.insert(options.topics.begin(), options.topics.end());
  for (const std::string& topic : names)
    if (wanted(topic)) row.topics.push_back(topics.make(topic, options.partitions));
  if (its.info && its.info->assigned)
    for (const auto& [topic, partitions] : *its.info->assigned)
      if (wanted(topic) && !names.contains(topic)) row.topics.push_back(TopicMaker::uncommitted(topic, partitions));
  if (row.topics.empty() && row.note.empty()) row.note = "has committed nothing";
  sum_up(row);
  return row;
}

}  // namespace penstock::cli
