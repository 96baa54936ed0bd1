#include "rpc/identities.hpp"
#include "scaler/fakes.hpp"

#include <penstock/cli/comparison_report.hpp>
#include <penstock/cli/comparison_source.hpp>
#include <penstock/cli/painter.hpp>
#include <penstock/scaler/services.hpp>

#include <sstream>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;

namespace {

constexpr std::int64_t kSince = 1'790'000'000'000;  // 2026-09-21T14:13:20Z

v1::Comparison comparison() {
  v1::Comparison one;
  one.set_namespace_("shop");
  one.set_name("orders");
  one.set_since_ms(kSince);
  one.set_until_ms(kSince + 86'400'000);
  one.set_known_ms(86'280'000);
  one.mutable_actual()->set_replica_seconds(188'640);
  one.mutable_actual()->set_changes(41);
  one.mutable_actual()->set_most(13);
  one.mutable_penstock()->set_replica_seconds(137'160);
  one.mutable_penstock()->set_changes(12);
  one.mutable_penstock()->set_most(12);
  one.set_missed_ms(2'070'000);
  one.set_delay_threshold_ms(20'000);
  auto& rise = *one.add_differences();
  rise.set_from_ms(kSince + 3'600'000);
  rise.set_length_ms(724'000);
  rise.set_replica_seconds(5400);
  rise.set_actual(2);
  rise.set_penstock(12);
  rise.set_lag(8950);
  rise.set_delay_ms(65'000);
  rise.set_delay_is_at_least(true);
  rise.set_reason("500/s arriving and 8,950 waiting within 20s, at 100/s a replica, need 12 replicas");
  auto& hold = *one.add_differences();
  hold.set_from_ms(kSince + 86'340'000);
  hold.set_length_ms(60'000);
  hold.set_goes_on(true);
  hold.set_replica_seconds(60);
  hold.set_actual(13);
  hold.set_penstock(12);
  hold.set_reason("no broker answers");
  return one;
}

std::string text_of(const Answer& answer) {
  std::ostringstream out, err;
  Console console{out, err};
  Painter(console, Format::kTable, true, false).show(answer, WallTime{});
  return out.str() + err.str();
}

}  // namespace

TEST_CASE("the two are side by side, then the largest differences, then what this can't tell") {
  const Answer answer = answer_of(comparison());
  CHECK(answer.complete);
  CHECK(
      text_of(answer) ==
      "SINCE 2026-09-21T14:13:20Z, FOR 1d0h   ACTUAL   PENSTOCK\n"
      "Replica-hours                            52.4       38.1\n"
      "Changes                                    41         12\n"
      "Most replicas                              13         12\n"
      "Minutes with a delay above 20s           34.5          -\n"
      "\n"
      "FROM                     FOR   ACTUAL   PENSTOCK       LAG     DELAY   WHY\n"
      "2026-09-21T15:13:20Z   12m4s        2         12      8950     >1m5s   500/s arriving and 8,950 waiting within "
      "20s, at 100/s a replica, need 12 replicas\n"
      "2026-09-22T14:12:20Z   >1m0s       13         12   unknown   unknown   no broker answers\n"
      "\n"
      "Counted since penstock-scaler started or the spec last changed, for the 23h58m in which both numbers were "
      "known. The lag is what the actual replicas left; what Penstock's would have left is not known.\n");
}

TEST_CASE("a program gets the numbers exactly, and null for what is not known") {
  const OrderedJson value = answer_of(comparison()).value;
  CHECK(value["source"] == "penstock");
  const auto& json = value["comparison"];
  CHECK(json["namespace"] == "shop");
  CHECK(json["since"] == "2026-09-21T14:13:20.000000Z");
  CHECK(json["until"] == "2026-09-22T14:13:20.000000Z");
  CHECK(json["knownMs"] == 86'280'000);
  CHECK(json["actual"] == OrderedJson{{"replicaHours", 52.4}, {"changes", 41}, {"mostReplicas", 13}});
  CHECK(json["penstock"]["changes"] == 12);
  CHECK(json["missedMs"] == 2'070'000);
  CHECK(json["delayThresholdMs"] == 20'000);
  CHECK(json["lagThreshold"].is_null());
  REQUIRE(json["differences"].size() == 2);
  CHECK(json["differences"][0]["replicaHours"] == 1.5);
  CHECK(json["differences"][0]["delayMs"] == 65'000);
  CHECK(json["differences"][0]["delayIsAtLeast"] == true);
  CHECK(json["differences"][1]["goesOn"] == true);
  CHECK(json["differences"][1]["lag"].is_null());
  CHECK(json["differences"][1]["delayMs"].is_null());
}

TEST_CASE("where only the lag has a threshold it is the lag that was too much; nothing known is a problem") {
  v1::Comparison one = comparison();
  one.clear_delay_threshold_ms();
  one.set_lag_threshold(1000);
  one.clear_differences();
  CHECK(text_of(answer_of(one)).find("\nMinutes with a lag above 1000 a replica     34.5          -\n\nCounted") !=
        std::string::npos);
  one.set_known_ms(0);
  const Answer answer = answer_of(one);
  CHECK_FALSE(answer.complete);
  CHECK(text_of(answer).find("error: nothing is compared yet") != std::string::npos);
}

TEST_CASE("the scaler is asked once, and its refusals are said in its words") {
  scaler::testing::Stage scaler;
  scaler.add_observing("orders", 1);
  scaler.add("refunds");
  for (int i = 0; i < 5; ++i) scaler.decide("orders", 1000);
  scaler.decide("refunds", 0);
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(scaler::make_decision_feed_service(scaler.board, {}));
  const auto server = scaler::GrpcServer::start(
                          "127.0.0.1:0", [] { return rpc::testing::identities().scaler; }, std::move(services))
                          .value();
  const std::string address = "127.0.0.1:" + std::to_string(server->port());
  const auto read = [&](const std::string& name) {
    const auto route = [&](const std::stop_token&) -> Result<Route> {
      return Route{address, rpc::testing::identities().caller, {}};
    };
    return ComparisonSource(route, "shop", name, 20s).read({});
  };
  const auto answer = read("orders");
  REQUIRE(answer);
  CHECK(answer->value["comparison"]["knownMs"] == 4000);
  CHECK(answer->more.rows.size() == 1);
  const auto scales = read("refunds");
  REQUIRE_FALSE(scales);
  CHECK(scales.error().code == Code::kInvalid);
  CHECK(scales.error().what.find("`mode: Observe`") != std::string::npos);
  const auto lost = read("lost");
  REQUIRE_FALSE(lost);
  CHECK(lost.error().to_string() == "not found: there is no decision on a ConsumerScaler shop/lost");
  ComparisonSource nowhere([](const std::stop_token&) -> Result<Route> { return fail(Code::kUnavailable, "no way"); },
                           "shop", "orders", 20s);
  CHECK(nowhere.read({}).error().what == "no way");
}
