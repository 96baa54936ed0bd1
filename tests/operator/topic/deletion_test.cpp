#include "observed.hpp"

#include <doctest/doctest.h>

namespace penstock::op::topic {
namespace {

using api::ConditionStatus;
using Lines = std::vector<std::string>;

const char* const kOurs = "Allow User:billing Read on Topic:orders (Literal) from *";
const char* const kLetGo = "patch Topic shop/orders: nothing is left to be taken back";

Observed deleted(api::DeletionPolicy policy) {
  Observed o = settled();
  o.topic.meta.deleted = kNow;
  o.topic.meta.finalizers = {std::string(api::kFinalizer)};
  o.topic.spec.deletion_policy = policy;
  return o;
}

TEST_CASE("Retain keeps the Kafka topic and takes back only what the Topic gave") {
  Observed o = deleted(api::DeletionPolicy::kRetain);
  o.topic.status.owned_acls = {kOurs};
  o.acls = {*kafka::parse_acl_binding(kOurs),
            *kafka::parse_acl_binding("Allow User:somebody Read on Topic:orders (Literal) from *")};
  CHECK(lines(plan(o, kNow)) ==
        Lines{std::string("remove ACLs (") + kOurs + "): the Topic that made them is deleted", kLetGo});
}

TEST_CASE("Delete deletes the topic whose id is pinned") {
  CHECK(lines(plan(deleted(api::DeletionPolicy::kDelete), kNow)) ==
        Lines{"delete topic orders (id-1): the Topic is deleted and deletionPolicy is Delete", kLetGo});
}

TEST_CASE("a topic with another id is never deleted") {
  Observed o = deleted(api::DeletionPolicy::kDelete);
  o.actual = info("id-2", 12);
  const auto wanted = plan(o, kNow);
  CHECK(reasons_of_events(wanted) == Lines{"TopicKept"});
  CHECK(lines(wanted).back() == kLetGo);
  CHECK(wanted.actions.size() == 2);
}

TEST_CASE("a topic that was being created when the Topic was deleted is pinned, then deleted") {
  Observed o = deleted(api::DeletionPolicy::kDelete);
  o.topic.status.topic_id.clear();
  o.topic.status.conditions.set("Created", ConditionStatus::kFalse, "Creating", "", 1, kNow);
  const auto wanted = plan(o, kNow);
  REQUIRE(wanted.actions.size() == 3);
  CHECK(std::holds_alternative<RecordStatus>(wanted.actions[0]));
  CHECK(std::holds_alternative<DeleteTopic>(wanted.actions[1]));
}

TEST_CASE("active groups block a deletion by name, and force-delete overrides") {
  Observed o = deleted(api::DeletionPolicy::kDelete);
  o.active_groups = {"billing", "shipping"};
  const auto blocked = plan(o, kNow);
  CHECK(condition(blocked, "DeletionBlocked").status == ConditionStatus::kTrue);
  CHECK(condition(blocked, "DeletionBlocked").message.find("billing, shipping") != std::string::npos);
  CHECK(reasons_of_events(blocked) == Lines{"DeletionBlocked"});
  CHECK(blocked.actions.size() == 1);
  CHECK(blocked.look_again == kDeletionCheck);

  o.topic.meta.annotations[std::string(api::annotations::kForceDelete)] = "true";
  CHECK(std::holds_alternative<DeleteTopic>(plan(o, kNow).actions.front()));
}

TEST_CASE("a namespace that is going is not blocked by active groups: their topic stays") {
  Observed o = deleted(api::DeletionPolicy::kDelete);
  o.active_groups = {"billing"};
  o.namespace_terminating = true;
  const auto wanted = plan(o, kNow);
  CHECK(reasons_of_events(wanted) == Lines{"TopicKept"});
  CHECK(lines(wanted).back() == kLetGo);
}

TEST_CASE("a platform that is gone never blocks; one that is silent blocks unless forced") {
  Observed o = deleted(api::DeletionPolicy::kDelete);
  o.platform = PlatformState::kAbsent;
  CHECK(reasons_of_events(plan(o, kNow)) == Lines{"LeftBehind"});
  CHECK(lines(plan(o, kNow)).back() == kLetGo);

  o.platform = PlatformState::kNotReady;
  CHECK(condition(plan(o, kNow), "DeletionBlocked").reason == "PlatformNotReady");
  o.namespace_terminating = true;
  CHECK(lines(plan(o, kNow)).back() == kLetGo);
}

TEST_CASE("a Topic that does not own its name deletes no topic") {
  Observed o = deleted(api::DeletionPolicy::kDelete);
  o.owner = "shop/orders-old";
  CHECK(lines(plan(o, kNow)) == Lines{kLetGo});
}

TEST_CASE("there is a finalizer only where something must be taken back") {
  Observed o = settled();
  CHECK(plan(o, kNow).actions.empty());
  o.topic.spec.deletion_policy = api::DeletionPolicy::kDelete;
  CHECK(lines(plan(o, kNow)) == Lines{"patch Topic shop/orders: something in Kafka must be taken back when it goes"});
  o.topic.meta.finalizers = {std::string(api::kFinalizer)};
  CHECK(plan(o, kNow).actions.empty());
  o.topic.spec.deletion_policy = api::DeletionPolicy::kRetain;
  CHECK(lines(plan(o, kNow)) == Lines{kLetGo});
}

}  // namespace
}  // namespace penstock::op::topic
