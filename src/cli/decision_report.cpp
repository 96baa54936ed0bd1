#include <penstock/cli/decision_report.hpp>

#include <algorithm>
#include <array>
#include <charconv>

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

std::string count_of(std::int64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
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
  json["arrivalRate"] = if_known(decision.has_arrival_rate(), decision.arrival_rate());
  json["consumptionRate"] = if_known(decision.has_consumption_rate(), decision.consumption_rate());
  json["replicaCapacity"] = if_known(decision.has_replica_capacity(), decision.replica_capacity());
  json["metric"] = if_known(decision.known(), decision.metric());
  json["target"] = decision.target();
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

// "12", "0.4": as precise as anybody needs.
std::string rate_text(double rate) {
  std::array<char, 32> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), rate, std::chars_format::fixed, rate < 10 ? 1 : 0);
  return error == std::errc{} ? std::string(text.data(), end) : std::string(kUnknown);
}

std::string group_text(const v1::Decision& decision) {
  const auto& group = decision.group();
  std::string text = group.id();
  if (!group.type().empty()) text += ": " + group.type();
  if (!group.state().empty()) text += ", " + group.state();
  text += ", " + count_of(group.members(), "member");
  if (!group.assignor().empty()) text += ", assignor " + group.assignor();
  return text;
}

Cell delay_cell(const v1::Decision& decision) {
  if (!decision.delay_known()) return {kUnknown, Tone::kBad};
  const Duration age{decision.delay_ms()};
  if (age == 0s && !decision.delay_is_at_least()) return "nothing waits";
  return "the oldest record has waited for " + std::string(decision.delay_is_at_least() ? "at least " : "") +
         short_delay(age, false);
}

std::string rates_text(const v1::Decision& decision) {
  std::string text;
  if (decision.has_arrival_rate()) text = rate_text(decision.arrival_rate()) + " records/s arrive, ";
  if (decision.has_consumption_rate()) text += rate_text(decision.consumption_rate()) + " records/s are consumed";
  if (decision.has_replica_capacity())
    text += "; one replica with a backlog gets " + rate_text(decision.replica_capacity()) + " records/s done";
  return text;
}

Cell outcome_of(const v1::Decision& decision) {
  if (!decision.known()) return {"no decision: the replicas stay as they are", Tone::kBad};
  std::string text = count_of(decision.desired(), "replica");
  if (!decision.limited_by().empty()) text += ", limited by " + decision.limited_by();
  if (decision.cap() > 0) text += ", of " + std::to_string(decision.cap()) + " that can be fed";
  return text;
}

void explain(const v1::Decision& decision, std::vector<std::vector<Cell>>& rows) {
  const auto add = [&](const char* what, Cell cell) { rows.push_back({what, std::move(cell)}); };
  add("ConsumerScaler",
      decision.namespace_() + "/" + decision.name() + ", generation " + std::to_string(decision.generation()));
  const bool fresh = decision.freshness() == v1::FRESH;
  add("Sample", {std::string(word_of(decision.freshness())) + ", decided at " +
                     format_time(WallTime{Duration{decision.decided_at_ms()}}),
                 fresh ? Tone::kPlain : Tone::kBad});
  if (!decision.error().empty()) add("Error", {decision.error(), Tone::kBad});
  add("Group", group_text(decision));
  add("Lag", decision.lag_known()
                 ? Cell(count_of(decision.lag(), "record") + " in " + count_of(decision.partitions(), "partition"))
                 : Cell(kUnknown, Tone::kBad));
  add("Delay", delay_cell(decision));
  if (std::string rates = rates_text(decision); !rates.empty()) add("Rates", std::move(rates));
  for (const v1::Verdict& verdict : decision.verdicts())
    add("Verdict", {verdict.type() + " in " + places_of(verdict) + ": " + verdict.message(), Tone::kWarn});
  for (int i = 0; i < decision.reasons_size(); ++i)
    add(i == 0 ? "Steps" : "", std::to_string(i + 1) + ". " + decision.reasons(i));
  add("Decision", outcome_of(decision));
  if (decision.known())
    add("HPA", "is told " + rate_text(decision.metric()) + " for an average of " + rate_text(decision.target()) +
                   " a replica; its behavior decides how fast");
}

// What is not known comes first: it may be the worst.
void sort(std::vector<const v1::Decision*>& decisions, Sort by) {
  if (by == Sort::kName) return;
  std::ranges::stable_sort(decisions, [by](const v1::Decision* a, const v1::Decision* b) {
    if (a->lag_known() != b->lag_known()) return b->lag_known();
    return by == Sort::kLag ? a->lag() > b->lag() : a->delay_ms() > b->delay_ms();
  });
}

// What a program gets, and whether all of it is known.
Answer values_of(const std::vector<v1::Decision>& decisions) {
  Answer answer;
  answer.value = {{"source", "penstock"}, {"consumerScalers", OrderedJson::array()}};
  for (const v1::Decision& decision : decisions) {
    answer.value["consumerScalers"].push_back(json_of(decision));
    answer.complete &= decision.lag_known();
  }
  return answer;
}

}  // namespace

Answer explanation_of(const std::vector<v1::Decision>& decisions) {
  Answer answer = values_of(decisions);
  answer.table.columns = {{"WHAT", false}, {"HOW", false}};
  for (const v1::Decision& decision : decisions) {
    if (!answer.table.rows.empty()) answer.table.rows.push_back({"", ""});
    explain(decision, answer.table.rows);
  }
  return answer;
}

Answer answer_of(const std::vector<v1::Decision>& decisions, const DecisionView& view) {
  Answer answer = values_of(decisions);
  if (view.namespaces) answer.table.columns.push_back({"NAMESPACE", false});
  for (Column column : {Column{"NAME", false}, Column{"GROUP", false}, Column{"TYPE", false}, Column{"STATE", false},
                        Column{"LAG", true}, Column{"DELAY", true}, Column{"DESIRED", true}, Column{"CAP", true},
                        Column{"LIMITED-BY", false}, Column{"SAMPLE", false}, Column{"WHY", false}})
    answer.table.columns.push_back(std::move(column));
  std::vector<const v1::Decision*> lines;
  for (const v1::Decision& decision : decisions) lines.push_back(&decision);
  sort(lines, view.sort);
  for (const v1::Decision* decision : lines) answer.table.rows.push_back(cells_of(*decision, view));
  return answer;
}

}  // namespace penstock::cli
