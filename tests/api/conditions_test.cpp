#include <penstock/api/meta.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::api;

namespace {
const WallTime kNoon{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h};
}

TEST_CASE("a condition's transition time moves only when its status does") {
  Conditions conditions;
  conditions.set("Ready", ConditionStatus::kUnknown, "Starting", "first sight", 1, kNoon);
  conditions.set("Ready", ConditionStatus::kUnknown, "Waiting", "still looking", 2, kNoon + 5s);
  REQUIRE(conditions.find("Ready") != nullptr);
  CHECK(conditions.find("Ready")->last_transition == kNoon);
  CHECK(conditions.find("Ready")->reason == "Waiting");
  CHECK(conditions.find("Ready")->observed_generation == 2);
  conditions.set("Ready", ConditionStatus::kTrue, "Ready", "", 2, kNoon + 9s);
  CHECK(conditions.find("Ready")->last_transition == kNoon + 9s);
  CHECK(conditions.is_true("Ready"));
}

TEST_CASE("conditions are sorted by type, whatever the order of setting") {
  Conditions conditions;
  for (const auto* type : {"Stalled", "Active", "Ready"})
    conditions.set(type, ConditionStatus::kFalse, "No", "", 1, kNoon);
  REQUIRE(conditions.all().size() == 3);
  CHECK(conditions.all()[0].type == "Active");
  CHECK(conditions.all()[2].type == "Stalled");
  conditions.remove("Ready");
  CHECK(conditions.find("Ready") == nullptr);
  CHECK(conditions.all().size() == 2);
}

TEST_CASE("printed conditions read back as themselves, although Kubernetes' times have whole seconds") {
  Conditions conditions;
  conditions.set("Ready", ConditionStatus::kTrue, "AsAsked", "all good", 3, kNoon + 123ms);
  const auto again = Conditions::parse(conditions.print());
  REQUIRE(again.has_value());
  CHECK(*again == conditions);
}

TEST_CASE("a message in broken UTF-8 or of endless length is made fit for a status") {
  Conditions conditions;
  conditions.set("Ready", ConditionStatus::kFalse, "No", "caf\xC3\xA9 \xFF\xC3", 1, kNoon);
  CHECK(conditions.find("Ready")->message == "café ??");
  conditions.set("Ready", ConditionStatus::kFalse, "No", std::string(100'000, 'x'), 1, kNoon);
  CHECK(conditions.print().dump().size() < 33'000);
}

TEST_CASE("an owner reference makes its object the controller") {
  Meta meta;
  meta.name = "orders";
  meta.uid = "42";
  CHECK(owner_reference("Topic", meta) == Json{{"apiVersion", "penstock.dev/v1alpha1"},
                                               {"kind", "Topic"},
                                               {"name", "orders"},
                                               {"uid", "42"},
                                               {"controller", true},
                                               {"blockOwnerDeletion", true}});
}
