// The CRD files are the only list of fields: what they hold must go through the C++ types and come back.
#include "crd.hpp"
#include "kinds.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::test;

namespace {

void check_round_trip(const Crd& crd, Json object, const std::string& what) {
  CAPTURE(crd.kind);
  CAPTURE(what);
  Json bare = object;
  for (const auto* key : {"apiVersion", "kind", "metadata"}) bare.erase(key);
  const auto wrong = violations(crd.schema, bare, "");
  REQUIRE_MESSAGE(wrong.empty(), "the generator must keep to the schema: ", wrong.empty() ? "" : wrong.front());

  const auto back = round_trip(crd.kind, object);
  REQUIRE_MESSAGE(back.has_value(), back.error().what);
  Json actual = *back;
  set_defaults(crd.schema, object);
  normalize(crd.schema, object, "");
  normalize(crd.schema, actual, "");
  const bool same = actual == object;
  CHECK_MESSAGE(same, "difference: ", Json::diff(object, actual).dump().substr(0, 2000));

  const auto again = round_trip(crd.kind, *back);
  REQUIRE(again.has_value());
  const bool stable = *again == *back;
  CHECK(stable);
}

}  // namespace

TEST_CASE("the smallest object of each kind comes back with every default filled in") {
  for (const auto& crd : crds())
    for (unsigned variant = 0; variant < 8; ++variant)
      check_round_trip(crd, keep_rules(crd.kind, Generator::minimal(crd.schema), variant), "minimal");
}

TEST_CASE("an object with every field set comes back whole, for every enum value and bound") {
  for (const auto& crd : crds())
    for (unsigned variant = 0; variant < 60; ++variant)
      check_round_trip(crd, keep_rules(crd.kind, Generator::full(crd.schema, variant), variant),
                       "variant " + std::to_string(variant));
}

TEST_CASE("random objects come back whole") {
  for (const auto& crd : crds())
    for (unsigned seed = 0; seed < 250; ++seed)
      check_round_trip(crd, keep_rules(crd.kind, Generator::random(crd.schema, seed), seed),
                       "seed " + std::to_string(seed));
}

TEST_CASE("parsing fills in the schema's defaults by itself, as for an object that the API server never saw") {
  for (const auto& crd : crds()) {
    Json object = keep_rules(crd.kind, Generator::minimal(crd.schema), 0);
    const auto bare = round_trip(crd.kind, object);
    set_defaults(crd.schema, object);
    const auto defaulted = round_trip(crd.kind, object);
    REQUIRE(bare.has_value());
    REQUIRE(defaulted.has_value());
    CHECK(*bare == *defaulted);
  }
}

TEST_CASE("the samples and the pages of the reference can be applied") {
  for (const auto* name : {"external-platform", "managed-platform", "topic", "consumer-scaler"})
    for (const auto& object : read_yaml(read_file("docs/samples/" + std::string(name) + ".yaml")))
      if (object.at("apiVersion") == "penstock.dev/v1alpha1") {
        Json bare = object;
        for (const auto* key : {"apiVersion", "kind", "metadata"}) bare.erase(key);
        const auto kind = object.at("kind").get<std::string>();
        CHECK(violations(crd(kind).schema, bare, "") == std::vector<std::string>{});
        const auto back = round_trip(kind, object);
        CHECK_MESSAGE(back.has_value(), name, ": ", back ? "" : back.error().what);
      }
}
