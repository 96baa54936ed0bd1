#include <penstock/simulation/load.hpp>
#include <penstock/simulation/recording.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::simulation;

TEST_CASE("a recording is a trace of one-second steps that has all of the records") {
  struct Case {
    const char* what;
    std::vector<std::pair<Duration, double>> seen;
    const char* lines;
  };
  for (const Case& c : {
           Case{"seconds", {{1s, 10}, {2s, 10}, {3s, 40}}, "0,10\n1,0\n2,30\n"},
           Case{"looks that come late", {{1250ms, 125}, {2s, 200}}, "0,100\n1,100\n"},
           Case{"a look that failed", {{1s, 10}, {4s, 100}}, "0,10\n1,30\n2,30\n3,30\n"},
           Case{"a little less than a second at the end", {{1s, 1}, {1800ms, 2.6}}, "0,1\n1,2\n"},
           Case{"a little more", {{1s, 1}, {2200ms, 3.4}}, "0,1\n1,2\n"},
           Case{"less than a second", {{400ms, 2}}, "0,5\n"},
           Case{"parts of records", {{3s, 1}}, "0,0.333\n1,0.333\n2,0.333\n"},
       }) {
    CAPTURE(c.what);
    Recording recording;
    for (const auto& [at, records] : c.seen) recording.add(at, records);
    CHECK(recording.length() == c.seen.back().first);
    CHECK(recording.records() == c.seen.back().second);
    CHECK(recording.trace() == std::string("seconds,records_per_second\n") + c.lines);
    CHECK(parse_trace(recording.trace()));
  }
}
