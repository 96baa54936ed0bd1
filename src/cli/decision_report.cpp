#include <penstock/cli/decision_report.hpp>

#include <algorithm>

namespace penstock::cli {
namespace {

const char* word_of(v1::Freshness freshness) {
  switch (freshness) {
    case v1::FRESH:
      return "Fresh";
    case v1::STALE:
      return "Stale";
    case v1::FALLBACK:
      return "Fallback";
    default:
      return "Never";
  }
}

Cell word_cell(const std::string& word) {
  return word.empty() ? Cell(kNothing) : Cell(word);
}

std::string places_of(const v1::Verdict& verdict) {
  std::string text = verdict.topic();
  char separator = '/';
  for (const int partition : verdict.partitions()) {
    text += std::exchange(separator, ',');
    text += std::to_string(partition);
  }
  return text;
}

// What is wrong, else why it decides so; then what is odd.
std::string why(const v1::Decision& decision) {
  std::string text = decision.error();
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  for (const std::string& reason : decision.reasons()) add(reason);
  for (const v1::Verdict& verdict : decision.verdicts())
    add(verdict.type() + " in " + places_of(verdict) + ": " + verdict.message());
  return text;
}

std::vector<Cell> cells_of(const v1::Decision& decision, const DecisionView& view) {
  const auto& group = decision.group();
  const bool settled = group.state() == "Stable" || group.state().empty();
  const bool fresh = decision.freshness() == v1::FRESH;
  std::vector<Cell> cells;
  if (view.namespaces) cells.emplace_back(decision.namespace_());
  cells.emplace_back(decision.name());
  cells.push_back(word_cell(group.id()));
  cells.push_back(word_cell(group.type()));
  cells.push_back(group.state().empty() ? Cell(kNothing) : Cell(group.state(), settled ? Tone::kPlain : Tone::kWarn));
  cells.push_back(decision.lag_known() ? Cell(std::to_string(decision.lag())) : Cell(kUnknown, Tone::kBad));
  cells.push_back(decision.delay_known()
                      ? Cell(short_delay(Duration{decision.delay_ms()}, decision.delay_is_at_least()))
                      : Cell(kUnknown, Tone::kBad));
  cells.push_back(decision.known() ? Cell(std::to_string(decision.desired())) : Cell(kUnknown, Tone::kBad));
  cells.push_back(decision.cap() > 0 ? Cell(std::to_string(decision.cap())) : Cell(kNothing));
  cells.push_back(word_cell(decision.limited_by()));
  cells.emplace_back(word_of(decision.freshness()), fresh ? Tone::kPlain : Tone::kBad);
  cells.emplace_back(why(decision), decision.lag_known() ? Tone::kPlain : Tone::kBad);
  return cells;
}

OrderedJson json_of(const v1::Verdict& verdict) {
  return {{"type", verdict.type()},
          {"topic", verdict.topic()},
          {"partitions", std::vector<int>(verdict.partitions().begin(), verdict.partitions().end())},
          {"message", verdict.message()}};
}

OrderedJson json_of(const v1::Decision& decision) {
  const auto if_known = [](bool known, auto value) { return known ? OrderedJson(value) : OrderedJson(); };
  const auto& group = decision.group();
  OrderedJson json{{"namespace", decision.namespace_()}, {"name", decision.name()}};
  json["group"] = {{"id", group.id()},
                   {"type", group.type()},
                   {"state", group.state()},
                   {"members", group.members()},
                   {"assignor", group.assignor()}};
  json["lag"] = if_known(decision.lag_known(), decision.lag());
  json["delayMs"] = if_known(decision.delay_known(), decision.delay_ms());
  if (decision.delay_known()) json["delayIsAtLeast"] = decision.delay_is_at_least();
  json["partitions"] = decision.partitions();
  json["desired"] = if_known(decision.known(), decision.desired());
  json["active"] = decision.active();
  json["cap"] = if_known(decision.cap() > 0, decision.cap());
  json["limitedBy"] = decision.limited_by();
  json["freshness"] = word_of(decision.freshness());
  json["decidedAt"] = format_micro_time(WallTime{Duration{decision.decided_at_ms()}});
  json["reasons"] = std::vector<std::string>(decision.reasons().begin(), decision.reasons().end());
  json["verdicts"] = OrderedJson::array();
  for (const v1::Verdict& verdict : decision.verdicts()) json["verdicts"].push_back(json_of(verdict));
  if (!decision.error().empty()) json["error"] = decision.error();
  return json;
}

// What is not known comes first: it may be the worst.
void sort(std::vector<const v1::Decision*>& decisions, Sort by) {
  if (by == Sort::kName) return;
  std::ranges::stable_sort(decisions, [by](const v1::Decision* a, const v1::Decision* b) {
    if (a->lag_known() != b->lag_known()) return b->lag_known();
    return by == Sort::kLag ? a->lag() > b->lag() : a->delay_ms() > b->delay_ms();
  });
}

}  // namespace

Answer answer_of(const std::vector<v1::Decision>& decisions, const DecisionView& view) {
  Answer answer;
  answer.value = {{"source", "penstock"}, {"consumerScalers", OrderedJson::array()}};
  if (view.namespaces) answer.table.columns.push_back({"NAMESPACE", false});
  for (Column column : {Column{"NAME", false}, Column{"GROUP", false}, Column{"TYPE", false}, Column{"STATE", false},
                        Column{"LAG", true}, Column{"DELAY", true}, Column{"DESIRED", true}, Column{"CAP", true},
                        Column{"LIMITED-BY", false}, Column{"SAMPLE", false}, Column{"WHY", false}})
    answer.table.columns.push_back(std::move(column));
  std::vector<const v1::Decision*> lines;
  for (const v1::Decision& decision : decisions) {
    answer.value["consumerScalers"].push_back(json_of(decision));
    answer.complete &= decision.lag_known();
    lines.push_back(&decision);
  }
  sort(lines, view.sort);
  for (const v1::Decision* decision : lines) answer.table.rows.push_back(cells_of(*decision, view));
  return answer;
}

}  // namespace penstock::cli
