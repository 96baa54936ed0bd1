#include <penstock/cli/group_report.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace penstock::cli {
namespace {

// One line of the table, with what it is sorted by.
struct GroupLine {
  std::optional<std::int64_t> lag;
  std::optional<Duration> delay;
  bool unread = false;
  std::vector<Cell> cells;
};

Cell lag_cell(const std::optional<std::int64_t>& lag, bool unread) {
  if (lag) return std::to_string(*lag);
  return unread ? Cell(kUnknown, Tone::kBad) : Cell(kNothing);
}

Cell delay_cell(const std::optional<api::Delay>& delay, bool unread) {
  if (!delay) return unread ? Cell(kUnknown, Tone::kBad) : Cell(kNothing);
  return short_delay(delay->age, delay->at_least);
}

Cell rate_cell(const std::optional<double>& rate) {
  return rate ? Cell(fmt::format("{:.1f}", *rate)) : Cell(kNothing);
}

Cell offset_cell(const std::optional<std::int64_t>& offset) {
  return offset ? Cell(std::to_string(*offset)) : Cell(kNothing);
}

Cell state_cell(const GroupRow& group) {
  const std::string& state = group.state.state;
  if (state.empty()) return group.unread ? Cell(kUnknown, Tone::kBad) : Cell(kNothing);
  const bool waits = group.lag.value_or(1) > 0;
  return {state, state == "Stable" || (state == "Empty" && !waits) ? Tone::kPlain : Tone::kWarn};
}

std::string notes(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + "; " + second;
}

Cell note_cell(const std::string& note, bool unread, bool alarming) {
  return {note, unread ? Tone::kBad : alarming ? Tone::kWarn : Tone::kPlain};
}

void add_topic(std::vector<GroupLine>& lines, const GroupRow& group, const TopicRow& topic, const GroupView& view) {
  const bool unread = topic.unread;
  GroupLine line{topic.lag, {}, unread || group.unread, {}};
  if (topic.delay) line.delay = topic.delay->age;
  const bool described = !group.state.state.empty();
  line.cells = {group.group,
                topic.topic.empty() ? Cell(kNothing) : Cell(topic.topic),
                word_cell(group.state.type),
                state_cell(group),
                described ? Cell(std::to_string(group.state.members)) : Cell(kNothing),
                topic.partitions > 0 ? Cell(std::to_string(topic.partitions)) : Cell(kNothing),
                lag_cell(topic.lag, unread),
                delay_cell(topic.delay, unread)};
  if (view.rates) {
    line.cells.push_back(rate_cell(topic.arrival_rate));
    line.cells.push_back(rate_cell(topic.consumption_rate));
  }
  line.cells.push_back(note_cell(notes(topic.note, group.note), line.unread, topic.alarming));
  lines.push_back(std::move(line));
}

void add_partitions(std::vector<GroupLine>& lines, const GroupRow& group, const TopicRow& topic) {
  for (const PartitionRow& one : topic.by_partition)
    lines.push_back({one.lag,
                     {},
                     one.unread,
                     {group.group, topic.topic, std::to_string(one.partition), offset_cell(one.committed),
                      offset_cell(one.end), lag_cell(one.lag, one.unread), note_cell(one.note, one.unread, false)}});
  if (!topic.by_partition.empty()) return;
  lines.push_back({{},
                   {},
                   topic.unread || group.unread,
                   {group.group, topic.topic.empty() ? Cell(kNothing) : Cell(topic.topic), kNothing, kNothing, kNothing,
                    lag_cell({}, topic.unread),
                    note_cell(notes(topic.note, group.note), topic.unread || group.unread, topic.alarming)}});
}

// What is not known comes first: it may be the worst.
void sort(std::vector<GroupLine>& lines, Sort by) {
  if (by == Sort::kName) return;
  std::ranges::stable_sort(lines, [by](const GroupLine& a, const GroupLine& b) {
    if (a.unread != b.unread) return a.unread;
    return by == Sort::kLag ? a.lag > b.lag : a.delay > b.delay;
  });
}

Table table_of(const GroupReport& report, const GroupView& view) {
  Table table;
  if (view.partitions) {
    table.columns = {{"GROUP"}, {"TOPIC"}, {"PARTITION", true}, {"COMMITTED", true}, {"END", true}, {"LAG", true}};
  } else {
    table.columns = {{"GROUP"},     {"TOPIC"},      {"TYPE"}, {"STATE"}, {"MEMBERS", true}, {"PARTITIONS", true},
                     {"LAG", true}, {"DELAY", true}};
    if (view.rates) {
      table.columns.push_back({"IN/S", true});
      table.columns.push_back({"OUT/S", true});
    }
  }
  table.columns.push_back({"NOTE"});
  std::vector<GroupLine> lines;
  for (const GroupRow& group : report.groups) {
    // A group without a topic is a line as well.
    TopicRow nothing;
    nothing.unread = group.unread;
    const std::vector<TopicRow> none{nothing};
    for (const TopicRow& topic : group.topics.empty() ? none : group.topics) {
      if (view.partitions)
        add_partitions(lines, group, topic);
      else
        add_topic(lines, group, topic, view);
    }
  }
  sort(lines, view.sort);
  for (GroupLine& line : lines) table.rows.push_back(std::move(line.cells));
  return table;
}

template <class T>
OrderedJson json_of(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson();
}

void add_delay(OrderedJson& to, const std::optional<api::Delay>& delay) {
  to["delayMs"] = delay ? OrderedJson(delay->age.count()) : OrderedJson();
  if (delay) to["delayIsAtLeast"] = delay->at_least;
}

OrderedJson json_of(const PartitionRow& row) {
  OrderedJson json{{"partition", row.partition},
                   {"start", json_of(row.start)},
                   {"committed", json_of(row.committed)},
                   {"end", json_of(row.end)},
                   {"lag", json_of(row.lag)}};
  if (!row.note.empty()) json[row.unread ? "error" : "note"] = row.note;
  return json;
}

OrderedJson json_of(const TopicRow& row, const GroupView& view) {
  OrderedJson json{{"topic", row.topic}, {"partitions", row.partitions}, {"lag", json_of(row.lag)}};
  add_delay(json, row.delay);
  if (view.rates) {
    json["arrivalRate"] = json_of(row.arrival_rate);
    json["consumptionRate"] = json_of(row.consumption_rate);
  }
  if (!row.note.empty()) json[row.unread ? "error" : "note"] = row.note;
  if (view.partitions) {
    json["byPartition"] = OrderedJson::array();
    for (const PartitionRow& one : row.by_partition) json["byPartition"].push_back(json_of(one));
  }
  return json;
}

OrderedJson json_of(const GroupRow& row, const GroupView& view) {
  OrderedJson json{{"group", row.group}};
  if (!row.state.state.empty())
    json.update({{"type", row.state.type},
                 {"state", row.state.state},
                 {"members", row.state.members},
                 {"assignor", row.state.assignor}});
  json["lag"] = json_of(row.lag);
  add_delay(json, row.delay);
  if (!row.note.empty()) json[row.unread ? "error" : "note"] = row.note;
  json["topics"] = OrderedJson::array();
  for (const TopicRow& topic : row.topics) json["topics"].push_back(json_of(topic, view));
  return json;
}

}  // namespace

Answer answer_of(GroupReport report, const GroupView& view) {
  Answer answer;
  answer.table = table_of(report, view);
  answer.value = {{"source", "kafka"}, {"at", format_micro_time(report.at)}, {"groups", OrderedJson::array()}};
  for (const GroupRow& group : report.groups) {
    answer.value["groups"].push_back(json_of(group, view));
    answer.complete &= !group.unread && std::ranges::none_of(group.topics, &TopicRow::unread);
  }
  if (!report.problems.empty()) answer.value["problems"] = report.problems;
  answer.complete &= report.problems.empty();
  answer.problems = std::move(report.problems);
  return answer;
}

std::string short_delay(Duration age, bool at_least) {
  if (at_least && age < 1s) return kNothing;  // nothing is known but that something waits
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  const auto minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  std::string text;
  if (days > 0)
    text = fmt::format("{}d{}h", days, hours % 24);
  else if (hours > 0)
    text = fmt::format("{}h{}m", hours, minutes % 60);
  else if (minutes > 0)
    text = fmt::format("{}m{}s", minutes, seconds % 60);
  else
    text = fmt::format("{}s", seconds);
  return (at_least ? ">" : "") + text;
}

}  // namespace penstock::cli
