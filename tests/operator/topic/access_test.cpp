#include "observed.hpp"

#include <doctest/doctest.h>

namespace penstock::op::topic {
namespace {

using api::ConditionStatus;
using kafka::AclBinding;
using Lines = std::vector<std::string>;

AclBinding binding(const char* text) {
  const auto parsed = kafka::parse_acl_binding(text);
  REQUIRE(parsed);
  return *parsed;
}

const char* const kRead = "Allow User:billing Read on Topic:orders (Literal) from *";
const char* const kDescribe = "Allow User:billing Describe on Topic:orders (Literal) from *";
const char* const kGroup = "Allow User:billing Read on Group:billing (Literal) from *";

Observed with_consumer() {
  Observed o = settled();
  o.topic.meta.finalizers = {std::string(api::kFinalizer)};
  o.topic.spec.access = {{"User:billing", api::AccessRole::kConsumer, {"billing"}, ""}};
  return o;
}

Lines texts(const std::set<AclBinding>& bindings) {
  Lines out;
  for (const AclBinding& each : bindings) out.push_back(each.to_string());
  std::ranges::sort(out);
  return out;
}

TEST_CASE("roles are the least that they need") {
  api::Topic topic = orders();
  topic.spec.access = {{"User:shop", api::AccessRole::kProducer, {}, "orders-"}};
  CHECK(texts(wanted_acls(topic, {})) == Lines{"Allow User:shop Describe on Topic:orders (Literal) from *",
                                               "Allow User:shop Describe on TransactionalId:orders- (Prefixed) from *",
                                               "Allow User:shop Write on Topic:orders (Literal) from *",
                                               "Allow User:shop Write on TransactionalId:orders- (Prefixed) from *"});
  topic.spec.access = {{"User:billing", api::AccessRole::kConsumer, {"billing"}, ""}};
  CHECK(texts(wanted_acls(topic, {})) == Lines{kDescribe, kGroup, kRead});
  topic.spec.access = {{"User:boss", api::AccessRole::kAdmin, {}, ""}};
  CHECK(texts(wanted_acls(topic, {})) == Lines{"Allow User:boss All on Topic:orders (Literal) from *"});
}

TEST_CASE("a principal that is an account of the platform is both its users") {
  api::Topic topic = orders();
  topic.spec.access = {{"User:shop", api::AccessRole::kAdmin, {}, ""}, {"User:other", api::AccessRole::kAdmin, {}, ""}};
  CHECK(texts(wanted_acls(topic, {"shop"})) == Lines{"Allow User:other All on Topic:orders (Literal) from *",
                                                     "Allow User:shop All on Topic:orders (Literal) from *",
                                                     "Allow User:shop.b All on Topic:orders (Literal) from *"});
}

TEST_CASE("nobody is given access as Penstock or as a node") {
  for (const auto* principal : {"User:CN=penstock-scaler", "User:CN=penstock-operator", "User:CN=kafka-node"}) {
    Observed o = with_consumer();
    o.topic.spec.access[0].principal = principal;
    const auto refused = plan(o, kNow);
    CHECK(refused.actions.empty());
    CHECK(refused.status.conditions.find("Ready")->reason == "AccessRefused");
  }
}

TEST_CASE("access is recorded before it is given") {
  const auto wanted = plan(with_consumer(), kNow);
  REQUIRE(wanted.actions.size() == 2);
  CHECK(std::holds_alternative<RecordStatus>(wanted.actions[0]));
  CHECK(std::holds_alternative<CreateAcls>(wanted.actions[1]));
  CHECK(wanted.status.owned_acls.size() == 3);
}

TEST_CASE("the finalizer comes before the first access") {
  Observed o = with_consumer();
  o.topic.meta.finalizers.clear();
  const auto wanted = plan(o, kNow);
  REQUIRE(!wanted.actions.empty());
  const auto* patch = std::get_if<PatchObject>(&wanted.actions[0]);
  REQUIRE(patch);
  CHECK(patch->merge_patch["metadata"]["finalizers"] == Json{"penstock.dev/finalizer"});
  CHECK(patch->merge_patch["metadata"]["resourceVersion"] == "7");
}

TEST_CASE("what somebody else gave is used and never owned") {
  Observed o = with_consumer();
  o.acls = {binding(kRead), binding(kDescribe), binding(kGroup)};
  const auto wanted = plan(o, kNow);
  CHECK(wanted.actions.empty());
  CHECK(wanted.status.owned_acls.empty());
}

TEST_CASE("access that another Topic gave is owned by both, and goes with the last") {
  Observed o = with_consumer();
  o.acls = {binding(kRead), binding(kDescribe), binding(kGroup)};
  o.owned_by_others = {binding(kGroup)};
  CHECK(plan(o, kNow).status.owned_acls == Lines{kGroup});

  o.topic.status.owned_acls = {kGroup};
  o.topic.spec.access.clear();
  o.wanted_by_others = {binding(kGroup)};
  const auto kept = plan(o, kNow);
  CHECK(std::ranges::none_of(kept.actions, [](const Action& a) { return std::holds_alternative<DeleteAcls>(a); }));
  CHECK(kept.status.owned_acls.empty());

  o.wanted_by_others.clear();
  CHECK(lines(plan(o, kNow)) == Lines{std::string("remove ACLs (") + kGroup + "): spec.access no longer says so"});
}

TEST_CASE("access is added before other access is removed, and nobody else's is touched") {
  Observed o = with_consumer();
  const char* const old = "Allow User:billing Read on Group:old (Literal) from *";
  const char* const foreign = "Allow User:somebody Read on Topic:orders (Literal) from *";
  o.acls = {binding(kRead), binding(kDescribe), binding(old), binding(foreign)};
  o.topic.status.owned_acls = {kRead, kDescribe, old};
  const auto wanted = plan(o, kNow);
  CHECK(lines(wanted) == Lines{"record in the status of Topic shop/orders: before Kafka is changed",
                               std::string("add ACLs (") + kGroup + "): spec.access says so",
                               std::string("remove ACLs (") + old + "): spec.access no longer says so"});
  CHECK(wanted.status.owned_acls.size() == 4);  // the old one until it is seen to be gone
}

TEST_CASE("access without an authorizer is said") {
  Observed o = with_consumer();
  o.has_acls = false;
  const auto wanted = plan(o, kNow);
  CHECK(condition(wanted, "Ready").reason == "AclsUnsupported");
  CHECK(condition(wanted, "Stalled").status == ConditionStatus::kTrue);
  CHECK(wanted.actions.empty());
}

TEST_CASE("everybody is nobody's principal, and foreign namespaces get no transactional ids") {
  Observed o = with_consumer();
  o.topic.spec.access[0].principal = "User:*";
  CHECK(condition(plan(o, kNow), "Ready").reason == "AccessRefused");
  o.topic.spec.access = {{"User:shop", api::AccessRole::kProducer, {}, "orders-"}};
  o.platforms_namespace = false;
  CHECK(condition(plan(o, kNow), "Ready").reason == "AccessRefused");
  CHECK(plan(o, kNow).actions.empty());
}

}  // namespace
}  // namespace penstock::op::topic
