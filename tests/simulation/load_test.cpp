#include <penstock/simulation/load.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::simulation;

namespace {

double at(std::string_view shape, Duration time) {
  const auto load = parse_shape(shape);
  REQUIRE(load);
  return (*load)(time);
}

std::string problem(std::string_view shape) {
  const auto load = parse_shape(shape);
  return load ? "" : load.error().what;
}

}  // namespace

TEST_CASE("shapes are rates and times in words") {
  CHECK(at("constant:12.5", 1h) == 12.5);
  CHECK(at("step:100:800", 9min) == 100);
  CHECK(at("step:100:800", 10min) == 800);
  CHECK(at("step:100:800:1m", 59s) == 100);
  CHECK(at("spike:100:800:1m:30s", 60s) == 800);
  CHECK(at("spike:100:800:1m:30s", 90s) == 100);
  CHECK(at("ramp:0:600:10m", 5min) == 300);
  CHECK(at("ramp:0:600:10m", 1h) == 600);
  CHECK(at("sine:100:300:2h", 0s) == 100);
  CHECK(at("sine:100:300:2h", 1h) == doctest::Approx(300));
}

TEST_CASE("a shape that can't be read says what it must be") {
  CHECK(problem("stairs:1:2").find("must be constant:RATE") != std::string::npos);
  CHECK(problem("step:1").find("must be constant:RATE") != std::string::npos);
  CHECK(problem("step:1:2:3m:4m").find("must be constant:RATE") != std::string::npos);
  CHECK(problem("step:1:many").find("\"many\" is no rate") != std::string::npos);
  CHECK(problem("step:1:-2").find("\"-2\" is no rate") != std::string::npos);
  CHECK(problem("step:1:2:soon").find("\"soon\" is no duration") != std::string::npos);
}

TEST_CASE("a trace holds each rate until the next line, from its first line on") {
  const auto trace = parse_trace("seconds,rate\n60, 100\n120,200\r\n\n300,0\n");
  REQUIRE(trace);
  CHECK(trace->length == 241s);
  CHECK(trace->load(0s) == 100);
  CHECK(trace->load(59s) == 100);
  CHECK(trace->load(60s) == 200);
  CHECK(trace->load(240s) == 0);
  CHECK(parse_trace("5,1").value().length == 1s);
}

TEST_CASE("a trace that can't be read names the line") {
  const auto problem_in = [](std::string_view csv) {
    const auto trace = parse_trace(csv);
    return trace ? "" : trace.error().what;
  };
  CHECK(problem_in("").find("there is no line") != std::string::npos);
  CHECK(problem_in("a,b\n1,2\n2,x\n").find("line 3") != std::string::npos);
  CHECK(problem_in("1,2\n1,3\n").find("line 2: its time must be later") != std::string::npos);
  CHECK(problem_in("1,2,3\n").find("line 1") != std::string::npos);
}
