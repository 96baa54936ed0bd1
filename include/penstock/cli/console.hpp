// Where a person reads what the tool says.
#pragma once
#include <cstddef>
#include <functional>
#include <ostream>

namespace penstock::cli {

struct ConsoleSize {
  std::size_t columns = 0, lines = 0;  // 0: no limit
};

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;  // `out` is one: it may be painted on
  bool colours = false;
  std::function<ConsoleSize()> size = [] { return ConsoleSize{}; };
};

// Of this process. Colours on a terminal, unless NO_COLOR is set (no-color.org) or TERM is dumb.
Console this_console();

}  // namespace penstock::cli
