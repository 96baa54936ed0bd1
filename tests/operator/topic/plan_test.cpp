#include "observed.hpp"

#include <doctest/doctest.h>

namespace penstock::op::topic {
namespace {

using api::ConditionStatus;
using Lines = std::vector<std::string>;

TEST_CASE("a topic that is as the spec says needs nothing done") {
  const auto wanted = plan(settled(), kNow);
  CHECK(wanted.actions.empty());
  CHECK(condition(wanted, "Ready").status == ConditionStatus::kTrue);
  CHECK(condition(wanted, "Conflict").status == ConditionStatus::kFalse);
  CHECK(wanted.status.partitions == 12);
  CHECK(wanted.status.replicas == 3);
  REQUIRE(wanted.look_again);
  CHECK(*wanted.look_again >= 108s);
  CHECK(*wanted.look_again <= 132s);
}

TEST_CASE("a missing topic is recorded, then created, then told") {
  const auto wanted = plan(fresh(), kNow);
  CHECK(lines(wanted) == Lines{"record in the status of Topic shop/orders: before Kafka is changed",
                               "create topic orders with 12 partitions and the default number of replicas: no such "
                               "topic is there yet",
                               "event TopicCreated: created the Kafka topic \"orders\""});
  CHECK(condition(wanted, "Created").reason == "Creating");
  CHECK(wanted.status.owned_config_keys == Lines{"retention.ms"});
  CHECK(condition(wanted, "Reconciling").status == ConditionStatus::kTrue);
  CHECK(wanted.look_again == kVerify);
}

TEST_CASE("a topic that appears after its creation was recorded is ours, whatever the adoption policy") {
  Observed o = settled();
  o.topic.status.topic_id.clear();
  o.topic.status.conditions.set("Created", ConditionStatus::kFalse, "Creating", "", 1, kNow);
  o.topic.spec.adoption_policy = api::AdoptionPolicy::kRefuse;
  const auto wanted = plan(o, kNow);
  CHECK(wanted.actions.empty());
  CHECK(wanted.status.topic_id == "id-1");
  CHECK(condition(wanted, "Created").status == ConditionStatus::kTrue);
}

TEST_CASE("a topic that nobody recorded is adopted in the platform's namespace and refused elsewhere") {
  Observed o = settled();
  o.topic.status = {};
  const auto adopted = plan(o, kNow);
  CHECK(adopted.status.topic_id == "id-1");
  CHECK(reasons_of_events(adopted) == Lines{"TopicAdopted"});

  o.platforms_namespace = false;
  const auto refused = plan(o, kNow);
  CHECK(refused.status.topic_id.empty());
  CHECK(condition(refused, "Conflict").reason == "TopicExists");
  CHECK(condition(refused, "Stalled").status == ConditionStatus::kTrue);
  CHECK(reasons_of_events(refused) == Lines{"Conflict"});
  CHECK(refused.actions.size() == 1);

  o.topic.spec.adoption_policy = api::AdoptionPolicy::kAdopt;
  CHECK(plan(o, kNow).status.topic_id == "id-1");
}

TEST_CASE("a topic deleted by somebody else is created again, and said so") {
  Observed o = settled();
  o.actual.reset();
  o.config.clear();
  const auto wanted = plan(o, kNow);
  CHECK(reasons_of_events(wanted) == Lines{"DeletedOutside", "TopicCreated"});
  CHECK(wanted.status.topic_id.empty());
}

TEST_CASE("a topic made anew by somebody else is only taken over where adoption is allowed") {
  Observed o = settled();
  o.actual = info("id-2", 12);
  const auto adopted = plan(o, kNow);
  CHECK(adopted.status.topic_id == "id-2");
  CHECK(reasons_of_events(adopted) == Lines{"Recreated"});

  o.topic.spec.adoption_policy = api::AdoptionPolicy::kRefuse;
  const auto refused = plan(o, kNow);
  CHECK(refused.status.topic_id == "id-1");
  CHECK(condition(refused, "Drifted").reason == "Recreated");
  CHECK(condition(refused, "Stalled").status == ConditionStatus::kTrue);
  CHECK(refused.actions.size() == 1);  // the event, once
  o.topic.status = refused.status;
  CHECK(plan(o, kNow).actions.empty());
}

TEST_CASE("partitions grow and never shrink") {
  Observed o = settled();
  o.topic.spec.partitions = 24;
  CHECK(lines(plan(o, kNow)) == Lines{"grow topic orders from 12 to 24 partitions: spec.partitions says so"});

  o.topic.spec.partitions = 6;
  const auto refused = plan(o, kNow);
  CHECK(refused.actions.empty());
  CHECK(condition(refused, "Ready").reason == "ShrinkRefused");
  CHECK(condition(refused, "Stalled").status == ConditionStatus::kTrue);
  CHECK(condition(refused, "Ready").message ==
        "the Kafka topic \"orders\" has 12 partitions and Kafka can't take any away; set `partitions: 12`");
}

TEST_CASE("only keys that differ are set, only our own are unset, others' are reported") {
  Observed o = settled();
  o.topic.spec.config = {{"retention.ms", "1000"}, {"cleanup.policy", "delete"}};
  o.topic.status.owned_config_keys = {"cleanup.policy", "max.message.bytes", "retention.ms"};
  o.config = {set_on_topic("retention.ms", "2000"), set_on_topic("cleanup.policy", "delete"),
              set_on_topic("max.message.bytes", "1"), set_on_topic("follower.replication.throttled.replicas", "*")};
  const auto wanted = plan(o, kNow);
  CHECK(lines(wanted) ==
        Lines{"configure topic orders (retention.ms=1000, max.message.bytes unset): spec.config says so"});
  CHECK(wanted.status.foreign_config == Lines{"follower.replication.throttled.replicas"});
  REQUIRE(wanted.status.drift.size() == 1);
  CHECK(wanted.status.drift[0].actual == "2000");
  CHECK(condition(wanted, "Drifted").reason == "ConfigDiffers");
}

TEST_CASE("a key stays in the ledger until it is seen to be gone") {
  Observed o = settled();
  o.topic.spec.config.clear();
  CHECK(plan(o, kNow).status.owned_config_keys == Lines{"retention.ms"});
  o.config.clear();
  const auto wanted = plan(o, kNow);
  CHECK(wanted.status.owned_config_keys.empty());
  CHECK(wanted.actions.empty());
}

TEST_CASE("a new key is in the ledger before it is set") {
  Observed o = settled();
  o.topic.spec.config["cleanup.policy"] = "compact";
  const auto wanted = plan(o, kNow);
  REQUIRE(wanted.actions.size() == 2);
  const auto* record = std::get_if<RecordStatus>(&wanted.actions[0]);
  REQUIRE(record);
  CHECK(record->object["status"]["owned"]["configKeys"] == Json{"cleanup.policy", "retention.ms"});
}

TEST_CASE("another number of replicas is reported") {
  Observed o = settled();
  o.topic.spec.replicas = 2;
  const auto wanted = plan(o, kNow);
  CHECK(wanted.actions.empty());
  CHECK(condition(wanted, "Drifted").reason == "ReplicasDiffer");
  CHECK(condition(wanted, "Ready").status == ConditionStatus::kTrue);
}

TEST_CASE("replicas that are behind are reported") {
  Observed o = settled();
  o.actual = info("id-1", 12, 3, 2);
  CHECK(condition(plan(o, kNow), "UnderReplicated").status == ConditionStatus::kTrue);
}

TEST_CASE("the younger of two Topics with one name writes nothing and names the owner") {
  Observed o = fresh();
  o.owner = "shop/orders-old";
  const auto wanted = plan(o, kNow);
  CHECK(reasons_of_events(wanted) == Lines{"Conflict"});
  CHECK(wanted.actions.size() == 1);
  CHECK(condition(wanted, "Conflict").message.find("shop/orders-old") != std::string::npos);
  CHECK(wanted.look_again == kConflictCheck);
  o.topic.status = wanted.status;
  CHECK(plan(o, kNow).actions.empty());
}

TEST_CASE("a platform that is absent, not ready or not allowed is said in words, and nothing is done") {
  Observed o = fresh();
  SUBCASE("absent") {
    o.platform = PlatformState::kAbsent;
    o.platform_problem = "there is no EventPlatform shop/main";
    CHECK(condition(plan(o, kNow), "Ready").reason == "PlatformNotFound");
    CHECK(plan(o, kNow).actions.empty());
  }
  SUBCASE("not ready") {
    o.platform = PlatformState::kNotReady;
    CHECK(condition(plan(o, kNow), "Ready").reason == "PlatformNotReady");
    CHECK(plan(o, kNow).actions.empty());
  }
  SUBCASE("denied") {
    o.denied = "not for you";
    CHECK(condition(plan(o, kNow), "Ready").reason == "NotAllowed");
    CHECK(plan(o, kNow).actions.empty());
  }
  SUBCASE("one of Kafka's own topics") {
    o.topic.spec.topic_name = "__consumer_offsets";
    CHECK(condition(plan(o, kNow), "Ready").reason == "NotAllowed");
    CHECK(plan(o, kNow).actions.empty());
  }
}

TEST_CASE("a cluster without topic ids is no reason to refuse what was made before") {
  Observed o = settled();
  o.topic.status.topic_id.clear();
  o.actual = info("", 12);
  o.topic.spec.adoption_policy = api::AdoptionPolicy::kRefuse;
  const auto wanted = plan(o, kNow);
  CHECK(condition(wanted, "Ready").status == ConditionStatus::kTrue);
  CHECK(wanted.actions.empty());
}

}  // namespace
}  // namespace penstock::op::topic
