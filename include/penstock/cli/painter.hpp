// Puts one answer after another on a console: a picture that is repainted in place on a terminal, rows or documents
// that are appended anywhere else.
#pragma once
#include <penstock/cli/answer.hpp>
#include <penstock/cli/console.hpp>
#include <penstock/cli/options.hpp>

namespace penstock::cli {

class Painter {
 public:
  Painter(Console& console, Format format, bool headers, bool live)
      : console_(console), format_(format), headers_(headers), live_(live) {}

  void show(const Answer& answer, WallTime now);
  void show(const Error& error, WallTime now);

 private:
  void append(Table table, WallTime now);
  void paint(const std::string& table, const std::vector<std::string>& problems, WallTime now);
  void document(const OrderedJson& value);
  void complain(const std::vector<std::string>& problems);
  bool repaints() const { return live_ && console_.terminal && format_ == Format::kTable; }
  std::size_t columns() const { return console_.terminal ? console_.size().columns : 0; }

  Console& console_;
  const Format format_;
  const bool headers_, live_;
  bool first_ = true;
  std::vector<std::size_t> widths_;
};

}  // namespace penstock::cli
