#include <penstock/cli/decision_report.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;

namespace {

v1::Decision decision() {
  v1::Decision one;
  one.set_namespace_("shop");
  one.set_name("orders");
  one.set_generation(3);
  one.set_decided_at_ms(1'790'000'000'000);
  one.set_known(true);
  one.set_desired(4);
  one.set_active(true);
  one.set_metric(400);
  one.set_target(100);
  one.set_limited_by("Partitions");
  one.set_cap(4);
  one.add_reasons("lag 950 at 100 a replica needs 10 replicas");
  one.add_reasons("4 partitions feed at most 4 replicas");
  one.set_lag_known(true);
  one.set_lag(950);
  one.set_partitions(4);
  one.set_delay_known(true);
  one.set_delay_ms(95'000);
  one.set_delay_is_at_least(true);
  one.set_arrival_rate(12.5);
  one.set_consumption_rate(0.25);
  one.set_replica_capacity(3);
  auto& group = *one.mutable_group();
  group.set_id("billing");
  group.set_type("Classic");
  group.set_state("Stable");
  group.set_members(1);
  group.set_assignor("range");
  auto& verdict = *one.add_verdicts();
  verdict.set_type("PartitionStuck");
  verdict.set_topic("orders");
  verdict.add_partitions(2);
  verdict.set_message("no commit for 5m although records wait");
  return one;
}

}  // namespace

TEST_CASE("an explanation goes from what was read over each step to what HPA is told") {
  const Answer answer = explanation_of({decision()});
  CHECK(answer.complete);
  CHECK(render(answer.table, {.headers = false}) ==
        "ConsumerScaler   shop/orders, generation 3\n"
        "Sample           Fresh, decided at 2026-09-21T14:13:20Z\n"
        "Group            billing: Classic, Stable, 1 member, assignor range\n"
        "Lag              950 records in 4 partitions\n"
        "Delay            the oldest record has waited for at least 1m35s\n"
        "Rates            12 records/s arrive, 0.2 records/s are consumed; one replica with a backlog gets 3.0 "
        "records/s done\n"
        "Verdict          PartitionStuck in orders/2: no commit for 5m although records wait\n"
        "Steps            1. lag 950 at 100 a replica needs 10 replicas\n"
        "                 2. 4 partitions feed at most 4 replicas\n"
        "Decision         4 replicas, limited by Partitions, of 4 that can be fed\n"
        "HPA              is told 400 for an average of 100 a replica; its behavior decides how fast\n");
  const auto& json = answer.value["consumerScalers"][0];
  CHECK(json["metric"] == 400);
  CHECK(json["replicaCapacity"] == 3);
}

TEST_CASE("what is not known is said so, with its error, and is no number") {
  v1::Decision one = decision();
  one.set_known(false);
  one.set_lag_known(false);
  one.set_delay_known(false);
  one.set_freshness(v1::NEVER);
  one.clear_arrival_rate();
  one.clear_consumption_rate();
  one.clear_replica_capacity();
  one.clear_reasons();
  one.clear_verdicts();
  one.set_error("no broker answers");
  const Answer answer = explanation_of({one});
  CHECK_FALSE(answer.complete);
  CHECK(render(answer.table, {.headers = false}) ==
        "ConsumerScaler   shop/orders, generation 3\n"
        "Sample           Never, decided at 2026-09-21T14:13:20Z\n"
        "Error            no broker answers\n"
        "Group            billing: Classic, Stable, 1 member, assignor range\n"
        "Lag              unknown\n"
        "Delay            unknown\n"
        "Decision         no decision: the replicas stay as they are\n");
  CHECK(answer.value["consumerScalers"][0]["metric"].is_null());
}
