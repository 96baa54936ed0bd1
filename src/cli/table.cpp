#include <penstock/cli/table.hpp>

#include <algorithm>

namespace penstock::cli {
namespace {

constexpr std::size_t kColumnGap = 3;  // as kubectl has it
constexpr std::string_view kMore = "…";

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::kWarn:
      return "\x1b[33m";
    case Tone::kBad:
      return "\x1b[31m";
    case Tone::kPlain:
      break;
  }
  return {};
}

// The first so many characters.
std::string_view cut(std::string_view text, std::size_t width) {
  std::size_t places = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && places++ == width) return text.substr(0, i);
  return text;
}

class Line {
 public:
  explicit Line(const Layout& layout) : layout_(layout) {}

  void add(const Cell& cell, bool number, std::size_t width, bool last) {
    const std::size_t own = width_of(cell.text), padding = width > own ? width - own : 0;
    if (number) space(padding);
    const std::string_view code = layout_.colours ? code_of(cell.tone) : std::string_view();
    const bool open = layout_.width == 0 || used_ < layout_.width;
    if (!code.empty() && open) text_ += code;
    add(cell.text);
    if (!code.empty() && open) text_ += "\x1b[0m";
    if (!number && !last) space(padding);
    if (!last) space(kColumnGap);
  }
  std::string take() {
    text_.erase(text_.find_last_not_of(' ') + 1);
    return text_ + "\n";
  }

 private:
  void space(std::size_t count) { add(std::string(count, ' ')); }
  void add(std::string_view text) {
    const std::size_t wanted = width_of(text);
    if (layout_.width == 0 || used_ + wanted <= layout_.width) {
      text_ += text;
    } else if (used_ < layout_.width) {
      const bool word = text.find_first_not_of(' ') != std::string_view::npos;
      text_ += cut(text, layout_.width - used_ - (word ? 1 : 0));
      if (word) text_ += kMore;
    }
    used_ += wanted;
  }

  const Layout& layout_;
  std::string text_;
  std::size_t used_ = 0;
};

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string render(const Table& table, const Layout& layout, std::vector<std::size_t>& widths) {
  widths.resize(table.columns.size());
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (layout.headers) widths[c] = std::max(widths[c], width_of(table.columns[c].header));
    for (const auto& row : table.rows) widths[c] = std::max(widths[c], width_of(row[c].text));
  }
  std::string text;
  const auto add = [&](const auto& cell_of) {
    Line line(layout);
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      line.add(cell_of(c), table.columns[c].number, widths[c], c + 1 == table.columns.size());
    text += line.take();
  };
  if (layout.headers) add([&](std::size_t c) { return Cell(table.columns[c].header); });
  for (const auto& row : table.rows) add([&](std::size_t c) { return row[c]; });
  return text;
}

std::string render(const Table& table, const Layout& layout) {
  std::vector<std::size_t> widths;
  return render(table, layout, widths);
}

}  // namespace penstock::cli
