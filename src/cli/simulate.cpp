#include <penstock/cli/simulate.hpp>

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

namespace penstock::cli {
namespace {

constexpr std::array<const char*, 6> kColours{"#1261a0", "#d9730d", "#2e7d32", "#8e24aa", "#b71c1c", "#546e7a"};
constexpr double kWidth = 860, kHeight = 150, kLeft = 70, kTop = 40, kGap = 40;
constexpr std::size_t kPoints = 860;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

using Value = std::function<double(const simulation::Moment&)>;

std::string line(const simulation::Outcome& outcome, const Value& value, double top, double most) {
  const auto& moments = outcome.moments;
  const std::size_t step = std::max<std::size_t>(moments.size() / kPoints, 1);
  std::string points;
  for (std::size_t i = 0; i < moments.size(); i += step) {
    // The highest of what one point stands for, so that no peak is lost.
    double highest = 0;
    for (std::size_t j = i; j < std::min(i + step, moments.size()); ++j) highest = std::max(highest, value(moments[j]));
    points +=
        fmt::format("{:.1f},{:.1f} ", kLeft + kWidth * static_cast<double>(i) / static_cast<double>(moments.size()),
                    top + kHeight * (1 - highest / most));
  }
  return points;
}

std::string panel(const std::vector<Simulated>& all, const std::string& title, const Value& value, double top) {
  double most = 1;
  for (const Simulated& one : all)
    for (const auto& moment : one.outcome.moments) most = std::max(most, value(moment));
  std::string out = fmt::format(
      "<text x=\"{}\" y=\"{}\" font-weight=\"600\">{}</text><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" "
      "fill=\"none\" stroke=\"#ccc\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{:.0f}</text>\n",
      kLeft, top - 6, title, kLeft, top, kWidth, kHeight, kLeft - 5, top + 9, most);
  for (std::size_t i = all.size(); i-- > 0;)
    out += fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.3\" points=\"{}\"/>\n",
                       kColours[i % kColours.size()], line(all[i].outcome, value, top, most));
  return out;
}

}  // namespace

Answer answer_of(const std::vector<Simulated>& all) {
  Answer answer;
  answer.table.columns = {{"RULE"},          {"SLO MISSED", true}, {"REPLICA-HOURS", true}, {"OF IDEAL", true},
                          {"CHANGES", true}, {"TAKEN BACK", true}, {"MOST", true},          {"WORST DELAY", true},
                          {"LOST", true},    {"VERDICTS"}};
  answer.value["items"] = OrderedJson::array();
  for (const auto& [name, outcome] : all) {
    Duration worst{};
    for (const auto& moment : outcome.moments) worst = std::max(worst, moment.delay);
    std::string verdicts;
    for (const auto& [type, words] : outcome.reasons) verdicts += (verdicts.empty() ? "" : ",") + type;
    const double of_ideal = outcome.ideal_hours > 0 ? outcome.replica_hours / outcome.ideal_hours : 0;
    answer.table.rows.push_back(
        {name, fmt::format("{:.1f}m", outcome.missed_minutes), fmt::format("{:.1f}", outcome.replica_hours),
         of_ideal > 0 ? fmt::format("{:.2f}x", of_ideal) : kNothing, std::to_string(outcome.scalings),
         std::to_string(outcome.reversals), std::to_string(outcome.highest), short_delay(worst, false),
         std::to_string(outcome.lost), verdicts.empty() ? kNothing : verdicts});
    OrderedJson item{{"rule", name},
                     {"sloMissedMinutes", outcome.missed_minutes},
                     {"replicaHours", outcome.replica_hours},
                     {"idealReplicaHours", outcome.ideal_hours},
                     {"changes", outcome.scalings},
                     {"takenBack", outcome.reversals},
                     {"mostReplicas", outcome.highest},
                     {"worstDelaySeconds", worst / 1s},
                     {"recordsLost", outcome.lost},
                     {"verdicts", OrderedJson::array()}};
    for (const auto& [type, words] : outcome.reasons) item["verdicts"].push_back({{"type", type}, {"message", words}});
    answer.value["items"].push_back(std::move(item));
  }
  return answer;
}

std::string picture(const std::vector<Simulated>& all) {
  const double height = kTop + 4 * (kHeight + kGap);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" font-family=\"sans-serif\" "
      "font-size=\"11\"><rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      kLeft + kWidth + 30, height);
  double x = kLeft;
  for (std::size_t i = 0; i < all.size(); ++i) {
    out += fmt::format("<text x=\"{}\" y=\"16\" fill=\"{}\">{}</text>\n", x, kColours[i % kColours.size()],
                       escaped(all[i].name));
    x += 30 + 7 * static_cast<double>(all[i].name.size());
  }
  const std::vector<Simulated> first(all.begin(), all.begin() + (all.empty() ? 0 : 1));
  out += panel(first, "load, records a second", [](const auto& m) { return m.load; }, kTop);
  out += panel(all, "lag, records", [](const auto& m) { return static_cast<double>(m.lag); }, kTop + kHeight + kGap);
  out += panel(
      all, "age of the oldest record, seconds", [](const auto& m) { return static_cast<double>(m.delay / 1s); },
      kTop + 2 * (kHeight + kGap));
  out += panel(
      all, "replicas", [](const auto& m) { return static_cast<double>(m.replicas); }, kTop + 3 * (kHeight + kGap));
  return out + "</svg>\n";
}

}  // namespace penstock::cli
