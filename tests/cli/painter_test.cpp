#include <penstock/cli/painter.hpp>
#include <penstock/cli/run.hpp>

#include <sstream>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;

namespace {

struct Screen {
  std::ostringstream out, err;
  Console console{out, err};
  ManualClock clock;

  explicit Screen(bool terminal, ConsoleSize size = {80, 24}) {
    console.terminal = terminal;
    console.size = [size] { return size; };
  }
  std::string taken() { return std::exchange(out, std::ostringstream()).str(); }
};

Answer answer_of(const std::vector<std::string>& groups) {
  Answer answer;
  answer.table.columns = {{"GROUP", false}, {"LAG", true}};
  answer.value["groups"] = groups;
  for (const std::string& group : groups) answer.table.rows.push_back({group, "1"});
  return answer;
}

// Tells one after another, and stops the tool after the last.
class Script final : public Source {
 public:
  std::vector<Result<Answer>> answers;
  std::stop_source stop;

  Result<Answer> read(std::stop_token) override {
    Result<Answer> answer = answers.at(next_++);
    if (next_ == answers.size() && ends_) stop.request_stop();
    return answer;
  }
  explicit Script(std::vector<Result<Answer>> its_answers, bool ends = false)
      : answers(std::move(its_answers)), ends_(ends) {}

 private:
  std::size_t next_ = 0;
  const bool ends_;
};

const Error kLost{Code::kUnavailable, "no broker answers", Retry::later()};

}  // namespace

TEST_CASE("once is a table, and what no line shows goes to the other output") {
  Screen screen(false);
  Answer answer = answer_of({"billing"});
  answer.problems = {"groups of broker 2: gone"};
  Painter(screen.console, Format::kTable, true, false).show(answer, screen.clock.wall());
  CHECK(screen.taken() == "GROUP     LAG\nbilling     1\n");
  CHECK(screen.err.str() == "error: groups of broker 2: gone\n");
}

TEST_CASE("on a terminal a live table is painted over the one before") {
  Screen screen(true);
  Painter painter(screen.console, Format::kTable, true, true);
  painter.show(answer_of({"a"}), screen.clock.wall());
  CHECK(screen.taken() == "\x1b[2J\x1b[HGROUP   LAG\x1b[K\na         1\x1b[K\n2026-01-01T00:00:00Z\x1b[K\n\x1b[J");
  painter.show(kLost, screen.clock.wall());
  CHECK(screen.taken() == "\x1b[Herror: unavailable: no broker answers\x1b[K\n2026-01-01T00:00:00Z\x1b[K\n\x1b[J");
  CHECK(screen.err.str().empty());
}

TEST_CASE("a live table is no longer than the terminal and says what it leaves out") {
  Screen screen(true, {80, 6});
  Painter(screen.console, Format::kTable, false, true).show(answer_of({"a", "b", "c", "d", "e"}), screen.clock.wall());
  CHECK(screen.taken() ==
        "\x1b[2J\x1b[Ha   1\x1b[K\nb   1\x1b[K\nc   1\x1b[K\n… and 2 more "
        "lines\x1b[K\n2026-01-01T00:00:00Z\x1b[K\n\x1b[J");
}

TEST_CASE("anywhere else rows are appended, each with its time, under one header") {
  Screen screen(false);
  Painter painter(screen.console, Format::kTable, true, true);
  painter.show(answer_of({"billing"}), screen.clock.wall());
  screen.clock.advance(2s);
  painter.show(kLost, screen.clock.wall());
  painter.show(answer_of({"a"}), screen.clock.wall());
  CHECK(screen.taken() ==
        "TIME                   GROUP     LAG\n"
        "2026-01-01T00:00:00Z   billing     1\n"
        "2026-01-01T00:00:02Z   a           1\n");
  CHECK(screen.err.str() == "error: unavailable: no broker answers\n");
}

TEST_CASE("live JSON is a line a look, live YAML a document a look") {
  Screen screen(true);
  Painter json(screen.console, Format::kJson, true, true);
  json.show(answer_of({"a"}), screen.clock.wall());
  json.show(answer_of({"b"}), screen.clock.wall());
  CHECK(screen.taken() == "{\"groups\":[\"a\"]}\n{\"groups\":[\"b\"]}\n");
  Painter(screen.console, Format::kYaml, true, true).show(answer_of({"a"}), screen.clock.wall());
  CHECK(screen.taken() == "---\ngroups:\n  - a\n");
}

TEST_CASE("the exit status is 1 when anything could not be read, and an empty answer says so") {
  Screen screen(false);
  const auto status_of = [&](Result<Answer> answer) {
    Script source({std::move(answer)});
    return follow(source, {}, true, screen.console, screen.clock, {});
  };
  CHECK(status_of(answer_of({"a"})) == 0);
  Answer partial = answer_of({"a"});
  partial.complete = false;
  CHECK(status_of(partial) == 1);
  CHECK(status_of(std::unexpected(kLost)) == 1);
  CHECK(screen.err.str() == "error: unavailable: no broker answers\n");
  CHECK(status_of(answer_of({})) == 0);
  CHECK(screen.err.str().ends_with("Nothing found.\n"));
}

TEST_CASE("a live look goes on after an error, until the stop") {
  Screen screen(false);
  Script source({std::unexpected(kLost), answer_of({"a"}), answer_of({"b"})}, true);
  LagRequest request;
  request.watch = 1ms;
  CHECK(follow(source, request, true, screen.console, screen.clock, source.stop.get_token()) == 0);
  CHECK(screen.taken() == "TIME                   GROUP   LAG\n2026-01-01T00:00:00Z   a         1\n");
}
