#include "observed.hpp"

#include <doctest/doctest.h>

namespace penstock::op::consumer_scaler {
namespace {

api::ConsumerScalerStatus status_now(std::optional<std::int64_t> lag) {
  api::ConsumerScalerStatus out = settled().scaler.status;
  out.lag = lag;
  return out;
}

TEST_CASE("numbers alone are written at most every 30 s and only when they moved by more than a tenth") {
  const auto was = status_now(1000);
  CHECK(!worth_writing(was, was, 1h));
  CHECK(!worth_writing(was, status_now(5000), 29s));
  CHECK(worth_writing(was, status_now(5000), 30s));
  CHECK(!worth_writing(was, status_now(1100), 30s));
  CHECK(worth_writing(was, status_now(1101), 30s));
  CHECK(!worth_writing(was, status_now(900), 30s));
  CHECK(worth_writing(was, status_now(0), 30s));
  CHECK(worth_writing(status_now(0), status_now(1), 30s));
  CHECK(worth_writing(was, status_now(std::nullopt), 30s));
}

TEST_CASE("a decision, the replicas, a bound or a condition is written at once") {
  const auto was = status_now(1000);
  auto is = was;
  SUBCASE("desired") {
    is.desired_replicas = 5;
  }
  SUBCASE("replicas") {
    is.current_replicas = 5;
  }
  SUBCASE("cap") {
    is.cap = 24;
  }
  SUBCASE("limitedBy") {
    is.limited_by = "MaxReplicas";
  }
  SUBCASE("condition") {
    is.conditions.set("Stale", api::ConditionStatus::kTrue, "X", "", 1, kNow);
  }
  SUBCASE("reason") {
    is.conditions.set("Ready", api::ConditionStatus::kTrue, "X", "", 1, kNow);
  }
  SUBCASE("verdict") {
    is.verdicts.push_back({"OffsetInvalid", "orders", {1}, ""});
  }
  SUBCASE("generation") {
    is.observed_generation = 2;
  }
  CHECK(worth_writing(was, is, 0s));
}

TEST_CASE("other words for the same condition wait, and so do a group's members and the time of the last activity") {
  const auto was = status_now(1000);
  auto is = was;
  is.conditions.set("Ready", api::ConditionStatus::kTrue, is.conditions.find("Ready")->reason, "other words", 1, kNow);
  CHECK(!worth_writing(was, is, 29s));
  CHECK(worth_writing(was, is, 30s));

  is = was;
  is.group = api::GroupStatus{"Consumer", "Stable", "range", 3};
  CHECK(!worth_writing(was, is, 4s));
  CHECK(worth_writing(was, is, 5s));

  auto before = was;
  before.last_active = kNow;
  is = before;
  is.last_active = kNow + 59s;
  CHECK(!worth_writing(before, is, 1h));
  is.last_active = kNow + 60s;
  CHECK(worth_writing(before, is, 30s));
}

TEST_CASE("each change of the decision is kept with its reason, ten of them, the newest first") {
  Observed o = settled();
  for (int desired = 1; desired <= 12; ++desired) {
    o.decision = shared(decision(desired, desired * 1000));
    o.scaler.status = plan_of(o).status;
    o.scaler.status = plan_of(o).status;  // the same again is no change
  }
  const auto& decisions = o.scaler.status.decisions;
  REQUIRE(decisions.size() == 10);
  CHECK(decisions[0].from == 11);
  CHECK(decisions[0].to == 12);
  CHECK(decisions[0].lag == 12000);
  CHECK(decisions[0].reason == "lag 12000 needs 12");
  CHECK(decisions[9].to == 3);
}

TEST_CASE("what is unknown now leaves the last known numbers standing") {
  Observed o = settled();
  Decision d;
  d.set_uid("uid-orders");
  d.set_freshness(penstock::v1::STALE);
  o.decision = shared(d);
  const auto wanted = plan_of(o);
  CHECK(wanted.status.lag == 12000);
  CHECK(wanted.status.cap == 12);
  CHECK(wanted.status.desired_replicas == 12);
  CHECK(wanted.actions.empty());
}

TEST_CASE("a change of the replicas is told with its reason") {
  Observed o = settled();
  o.scaler.status.current_replicas = 1;
  o.replicas = 12;
  CHECK(lines(plan_of(o)) == std::vector<std::string>{"event Scaled: replicas went from 1 to 12: lag 12000 needs 12"});
}

TEST_CASE("the bound that holds is a condition") {
  Observed o = settled();
  Decision d = decision();
  d.set_limited_by("Partitions");
  o.decision = shared(d);
  CHECK(condition(plan_of(o), "Limited").status == api::ConditionStatus::kTrue);
  CHECK(condition(plan_of(o), "Limited").reason == "Partitions");
  CHECK(plan_of(o).status.limited_by == "Partitions");
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
