#include <penstock/base/address.hpp>
#include <penstock/base/backoff.hpp>
#include <penstock/base/hash.hpp>
#include <penstock/base/metrics.hpp>
#include <penstock/base/quantity.hpp>
#include <penstock/base/stop.hpp>
#include <penstock/base/time.hpp>

#include <doctest/doctest.h>

using namespace penstock;

TEST_CASE("a duration is read as Go reads it, and days too") {
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("1.5s") == 1500ms);
  CHECK(parse_duration("7d") == 168h);
  CHECK(parse_duration("0") == 0ms);
  for (const auto* bad : {"", "5", "s", "-1s", "1x", "1s ", "nan", "1e400h", "99999999999999d"})
    CHECK_MESSAGE(!parse_duration(bad), bad);
}

TEST_CASE("a printed duration reads back as itself") {
  for (const Duration d : {0ms, 1ms, 999ms, 1000ms, 61'000ms, 3'600'000ms, 90'061'001ms})
    CHECK(parse_duration(format_duration(d)) == d);
}

TEST_CASE("a time is printed as Kubernetes prints it and reads back") {
  const WallTime time = WallTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}} + 7h + 5min + 9s + 123ms;
  CHECK(format_time(time) == "2026-11-24T07:05:09Z");
  CHECK(format_micro_time(time) == "2026-11-24T07:05:09.123000Z");
  CHECK(parse_time("2026-11-24T07:05:09.123000Z") == time);
  CHECK(parse_time("2026-11-24T07:05:09Z") == time - 123ms);
  for (const auto* bad : {"", "2026-13-01T00:00:00Z", "2026-11-24", "2026-11-24T07:05:09Zx"}) CHECK(!parse_time(bad));
}

TEST_CASE("a quantity is whole units, rounded up") {
  CHECK(parse_quantity("10Gi") == 10737418240);
  CHECK(parse_quantity("500m") == 1);
  CHECK(parse_quantity("1e3") == 1000);
  for (const auto* bad : {"", "Gi", "1e9Gi", "nan", "inf", "1Q", "1 Gi"}) CHECK_MESSAGE(!parse_quantity(bad), bad);
}

TEST_CASE("a back-off doubles up to its longest wait and starts again after a reset") {
  Backoff backoff(100ms, 1s, 42);
  Duration ceiling = 100ms;
  for (int i = 0; i < 10; ++i) {
    const Duration wait = backoff.next();
    CHECK(wait >= ceiling / 2);
    CHECK(wait <= ceiling);
    ceiling = std::min<Duration>(ceiling * 2, 1s);
  }
  backoff.reset();
  CHECK(backoff.next() <= 100ms);
}

TEST_CASE("a stop ends a wait at once") {
  std::stop_source source;
  source.request_stop();
  CHECK_FALSE(wait_for(source.get_token(), 1h));
  CHECK(wait_for(std::stop_token{}, 0ms));
}

TEST_CASE("a stable hash is FNV-1a") {
  CHECK(stable_hash("") == "cbf29ce484222325");
  CHECK(stable_hash("a") == "af63dc4c8601ec8c");
}

TEST_CASE("a metric source is written into each scrape for as long as it lives") {
  int scrapes = 0;
  {
    const metrics::Source source(
        [&](std::string& text) { text += "penstock_test " + std::to_string(++scrapes) + "\n"; });
    CHECK(metrics::expose().ends_with("penstock_test 1\n"));
    CHECK(metrics::expose().ends_with("penstock_test 2\n"));
  }
  CHECK(metrics::expose().find("penstock_test") == std::string::npos);
}

TEST_CASE("an address is a host and a port") {
  CHECK(parse_address("0.0.0.0:8080") == Address{"0.0.0.0", 8080});
  CHECK(parse_address("[::]:0") == Address{"::", 0});
  CHECK(Address{"::1", 9092}.to_string() == "[::1]:9092");
  CHECK(Address{"kafka-0.example", 9092}.to_string() == "kafka-0.example:9092");
  for (const auto* bad : {"", ":", "8080", ":8080", "host:", "host:x", "host:70000", "host:80x", "::1:9", "[]:1"})
    CHECK_MESSAGE(!parse_address(bad), bad);
}
