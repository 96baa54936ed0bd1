#include "scaler/fakes.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaler;
using scaler::testing::Stage;

namespace {
const k8s::ObjectKey kOrders{"shop", "orders"};
}

TEST_CASE("listeners hear of what changed in more than time, and of what is gone") {
  Stage stage;
  std::vector<Board::Change> changes;
  stage.board.subscribe([&](const Board::Change& change) { changes.push_back(change); });
  stage.add("orders");
  stage.decide("orders", 1000);
  stage.decide("orders", 1000);
  REQUIRE(changes.size() == 1);
  const auto first = stage.board.read();
  stage.decide("orders", 2000);
  REQUIRE(changes.size() == 2);
  CHECK(changes[1].changed.at(0)->lag == 8000);
  CHECK(changes[1].changed.at(0)->revision > changes[0].changed.at(0)->revision);
  CHECK(first->find(kOrders)->lag == 4000);  // a snapshot stays as it was
  testing::remove(stage.world.scalers, testing::scaler_object("shop", "orders"));
  REQUIRE(changes.size() == 3);
  CHECK(changes[2].removed.at(0)->uid == "uid-orders");
  CHECK_FALSE(stage.board.read()->find(kOrders));
}

TEST_CASE("a decision on an object that is gone meanwhile does not bring it back") {
  Stage stage;
  stage.add("orders");
  stage.decide("orders", 1000);
  auto late = std::make_shared<Entry>(*stage.board.read()->find(kOrders));
  testing::remove(stage.world.scalers, testing::scaler_object("shop", "orders"));
  stage.board.publish({late});
  CHECK_FALSE(stage.board.read()->find(kOrders));
}

TEST_CASE("an answer scales with the target it was asked for, not with the one in the spec") {
  Stage stage;
  stage.add("orders");
  stage.decide("orders", 1000);
  CHECK(stage.answers.metric(kOrders, 1000, true) == 4000.0);
  CHECK(stage.answers.metric(kOrders, 100, true) == 400.0);
  stage.add("orders", {{"lagThreshold", 100}});
  CHECK(stage.answers.metric(kOrders, 1000, true) == 4000.0);  // decided before the edit
  CHECK(stage.answers.target(kOrders) == 100);
  stage.decide("orders", 1000);
  CHECK(stage.answers.metric(kOrders, 100, true) == 4000.0);
  CHECK(stage.answers.metric(kOrders, 1000, true) == 40'000.0);  // HPA with the old target lands on the new decision
}

TEST_CASE("only an autoscaler whose maximum is the cap is told of more than the partitions can feed") {
  Stage stage;
  stage.add("orders");
  stage.decide("orders", 5000);  // 20,000 records on 4 partitions
  CHECK(stage.answers.metric(kOrders, 1000, true) == 20'000.0);
  CHECK(stage.answers.metric(kOrders, 1000, false) == 4000.0);
  stage.add("orders", {{"mode", "Observe"}});
  CHECK(stage.answers.metric(kOrders, 1000, true) == 4000.0);
}

TEST_CASE("what is not known is an error and says why") {
  Stage stage;
  CHECK(stage.answers.metric(kOrders, 1000, true).error().code == Code::kNotFound);
  CHECK(stage.answers.target(kOrders).error().code == Code::kNotFound);
  stage.add("orders");
  CHECK(stage.answers.metric(kOrders, 1000, true).error().code == Code::kUnavailable);
  CHECK(stage.answers.target(kOrders) == 1000);  // from the spec alone
  stage.decide("orders", std::nullopt);
  const auto unknown = stage.answers.active(kOrders);
  CHECK(unknown.error().code == Code::kUnavailable);
  CHECK(unknown.error().what.find("no broker answers") != std::string::npos);
  stage.decide("orders", 1000);
  CHECK(stage.answers.active(kOrders) == true);
  stage.clock.advance(31s);  // the engine hangs
  CHECK(stage.answers.active(kOrders).error().code == Code::kUnavailable);
  testing::put(stage.world.scalers, Json{{"metadata", {{"namespace", "shop"}, {"name", "orders"}}}});
  CHECK(stage.answers.active(kOrders).error().code == Code::kInvalid);
}

TEST_CASE("an object that was made anew is not answered with the decision on the old one") {
  Stage stage;
  stage.add("orders");
  stage.decide("orders", 1000);
  Json again = testing::scaler_object("shop", "orders");
  again["metadata"]["uid"] = "another";
  testing::put(stage.world.scalers, again);
  CHECK(stage.answers.metric(kOrders, 1000, true).error().code == Code::kUnavailable);
}

TEST_CASE("a metric's name ends in its target") {
  CHECK(metric_name(1000) == "penstock-lag-1000");
  CHECK(target_of("penstock-lag-1000") == 1000);
  for (const auto* bad : {"", "penstock-lag", "penstock-lag-", "penstock-lag-0", "penstock-lag--1", "penstock-lag-1x",
                          "s0-penstock-lag-1", "penstock-lag-99999999999999999999"})
    CHECK_MESSAGE(!target_of(bad), bad);
}
