#include <penstock/cli/painter.hpp>
#include <penstock/cli/structured.hpp>

#include <algorithm>

namespace penstock::cli {
namespace {

// What xterm and all its kin understand.
constexpr const char* kHome = "\x1b[H";
constexpr const char* kEndOfLine = "\x1b[K\n";
constexpr const char* kClearBelow = "\x1b[J";
constexpr const char* kClear = "\x1b[2J\x1b[H";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

void Painter::show(const Answer& answer, WallTime now) {
  if (format_ != Format::kTable) {
    document(answer.value);
    complain(answer.problems);
  } else if (repaints()) {
    paint(render(answer.table, {headers_, console_.colours, columns()}), answer.problems, now);
  } else if (live_) {
    append(answer.table, now);
    complain(answer.problems);
  } else {
    const Layout layout{headers_, console_.colours, columns()};
    if (!answer.table.rows.empty()) console_.out << render(answer.table, layout);
    if (!answer.more.rows.empty()) console_.out << "\n" << render(answer.more, layout);
    for (const std::string& note : answer.notes) console_.out << "\n" << note << "\n";
    complain(answer.problems);
  }
  console_.out.flush();
  first_ = false;
}

void Painter::show(const Error& error, WallTime now) {
  const std::vector<std::string> problems{error.to_string()};
  if (repaints())
    paint("", problems, now);
  else
    complain(problems);
  console_.out.flush();
  first_ = first_ && !repaints();
}

// Each row says when.
void Painter::append(Table table, WallTime now) {
  table.columns.insert(table.columns.begin(), Column{"TIME", false});
  for (auto& row : table.rows) row.insert(row.begin(), Cell(format_time(now)));
  console_.out << render(table, {headers_ && first_, false, 0}, widths_);
}

void Painter::paint(const std::string& table, const std::vector<std::string>& problems, WallTime now) {
  std::vector<std::string> lines = lines_of(table);
  for (const std::string& problem : problems) lines.push_back("error: " + problem);
  const std::size_t room = console_.size().lines;
  // The last line stays free for the cursor, the one before it for the time.
  if (room > 2 && lines.size() > room - 2) {
    const std::size_t left_out = lines.size() - (room - 3);
    lines.resize(room - 3);
    lines.push_back("… and " + std::to_string(left_out) + " more lines");
  }
  console_.out << (first_ ? kClear : kHome);
  for (const std::string& line : lines) console_.out << line << kEndOfLine;
  console_.out << format_time(now) << kEndOfLine << kClearBelow;
}

void Painter::document(const OrderedJson& value) {
  if (format_ == Format::kJson) {
    console_.out << json_text(value, live_);
    return;
  }
  if (live_) console_.out << "---\n";
  console_.out << yaml_text(value);
}

void Painter::complain(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) console_.err << "error: " << problem << "\n";
}

}  // namespace penstock::cli
