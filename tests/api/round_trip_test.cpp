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

namespace {

void check_acceptable(const Json& object) {
  Json bare = object;
  for (const auto* key : {"apiVersion", "kind", "metadata"}) bare.erase(key);
  const auto kind = object.at("kind").get<std::string>();
  CHECK(violations(crd(kind).schema, bare, "") == std::vector<std::string>{});
  const auto back = round_trip(kind, object);
  CHECK_MESSAGE(back.has_value(), (back ? std::string() : back.error().what));
}

// What stands between ```yaml and ``` on a page.
std::vector<Json> shown_on(const std::string& page) {
  const std::string text = read_file(page), begin = "```yaml\n", end = "\n```";
  std::vector<Json> out;
  for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    at += begin.size();
    out.push_back(read_yaml(text.substr(at, text.find(end, at) - at)).at(0));
  }
  return out;
}

// Every place that an object fills in, as walk() spells it.
void fill_in(const Json& schema, const Json& value, const std::string& path, std::set<std::string>& out) {
  out.insert(path);
  if (value.is_array())
    for (const auto& item : value) fill_in(schema.at("items"), item, path + "[]", out);
  if (!value.is_object()) return;
  for (const auto& [name, item] : value.items()) {
    const bool named = schema.contains("properties");
    fill_in(named ? schema.at("properties").at(name) : schema.at("additionalProperties"), item,
            named ? path + "." + name : path + "{}", out);
  }
}

}  // namespace

TEST_CASE("the samples keep to the schemas") {
  for (const auto* name : {"external-platform", "managed-platform", "topic", "consumer-scaler"})
    for (const auto& object : read_yaml(read_file("docs/samples/" + std::string(name) + ".yaml")))
      if (object.at("apiVersion") == "penstock.dev/v1alpha1") check_acceptable(object);
}

TEST_CASE("the reference shows every field of the spec, and what it shows keeps to the schema") {
  for (const auto* page : {"event-platform", "topic", "consumer-scaler"}) {
    const auto objects = shown_on("docs/reference/" + std::string(page) + ".md");
    REQUIRE(!objects.empty());
    const Json& schema = crd(objects.front().at("kind").get<std::string>()).schema.at("properties").at("spec");
    std::set<std::string> shown, listed;
    for (const auto& object : objects) {
      check_acceptable(object);
      fill_in(schema, object.at("spec"), "spec", shown);
    }
    walk(schema, "spec", [&](const std::string& path, const Json&) { listed.insert(path); });
    // One direction of scaling has the fields of the other.
    std::erase_if(listed, [](const std::string& path) { return path.ends_with("scaleUp.tolerance"); });
    for (const auto& path : listed) CHECK_MESSAGE(shown.contains(path), page, " does not show ", path);
  }
}
