// A table for a terminal or a pipe: cells to text. Pure.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::cli {

enum class Tone { kPlain, kWarn, kBad };

struct Cell {
  Cell(std::string its_text, Tone its_tone = Tone::kPlain) : text(std::move(its_text)), tone(its_tone) {}
  Cell(const char* its_text) : text(its_text) {}
  std::string text;
  Tone tone = Tone::kPlain;
};

inline constexpr const char* kNothing = "-";

inline Cell word_cell(const std::string& word) {
  return word.empty() ? Cell(kNothing) : Cell(word);
}

struct Column {
  std::string header;
  bool number = false;  // at the right
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

struct Layout {
  bool headers = true;
  bool colours = false;
  // Of a terminal; longer lines are cut. 0: as wide as need be.
  std::size_t width = 0;
};

// Columns are as wide as the widest cell, or as `widths` says, which is raised to what was needed: tables printed one
// after another stay aligned.
std::string render(const Table& table, const Layout& layout, std::vector<std::size_t>& widths);
std::string render(const Table& table, const Layout& layout);

// How many places on a terminal: characters, not bytes.
std::size_t width_of(std::string_view text);

}  // namespace penstock::cli
