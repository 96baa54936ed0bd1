#include <penstock/cli/table.hpp>

#include <doctest/doctest.h>

using namespace penstock::cli;

namespace {

Table lags() {
  return {{{"GROUP", false}, {"LAG", true}, {"NOTE", false}},
          {{"billing", "7", ""}, {"wörld", {"unknown", Tone::kBad}, "no broker answers"}}};
}

}  // namespace

TEST_CASE("words stand at the left, numbers at the right, and nothing trails") {
  CHECK(render(lags(), {}) ==
        "GROUP         LAG   NOTE\n"
        "billing         7\n"
        "wörld     unknown   no broker answers\n");
}

TEST_CASE("headers can be left out, and then take no room") {
  Table table{{{"PARTITIONS", true}, {"A", false}}, {{"1", "x"}}};
  CHECK(render(table, {.headers = false}) == "1   x\n");
}

TEST_CASE("colours are put around words and change no place") {
  CHECK(render(lags(), {.colours = true}) ==
        "GROUP         LAG   NOTE\n"
        "billing         7\n"
        "wörld     \x1b[31munknown\x1b[0m   no broker answers\n");
}

TEST_CASE("a line that is longer than the terminal is cut, with a sign, whatever its bytes") {
  CHECK(render(lags(), {.width = 25}) ==
        "GROUP         LAG   NOTE\n"
        "billing         7\n"
        "wörld     unknown   no b…\n");
  CHECK(render(lags(), {.colours = true, .width = 12}) ==
        "GROUP\n"
        "billing\n"
        "wörld     \x1b[31mu…\x1b[0m\n");
  CHECK(render({{{"Ä", false}}, {{"ööööö"}}}, {.width = 3}) == "Ä\nöö…\n");
}

TEST_CASE("tables printed one after another stay aligned") {
  std::vector<std::size_t> widths;
  CHECK(render({{{"A", true}, {"B", false}}, {{"1234", "x"}}}, {}, widths) == "   A   B\n1234   x\n");
  CHECK(render({{{"A", true}, {"B", false}}, {{"1", "y"}}}, {.headers = false}, widths) == "   1   y\n");
}
