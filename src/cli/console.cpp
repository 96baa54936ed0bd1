#include <penstock/cli/console.hpp>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace penstock::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

ConsoleSize terminal_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_col, size.ws_row};
}

}  // namespace

Console this_console() {
  Console console{std::cout, std::cerr};
  console.terminal = ::isatty(STDOUT_FILENO) == 1 && variable("TERM") != "dumb";
  console.colours = console.terminal && variable("NO_COLOR").empty();
  if (console.terminal) console.size = terminal_size;
  return console;
}

}  // namespace penstock::cli
