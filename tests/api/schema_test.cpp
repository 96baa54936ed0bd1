// What every schema of ours must be: bounded, described, structural.
#include "crd.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::test;

namespace {

void for_each_node(const Visit& visit) {
  for (const auto& crd : crds())
    walk(crd.schema, "", [&](const std::string& path, const Json& node) {
      INFO(crd.kind << "." << path);
      visit(path, node);
    });
}

bool is_text(const Json& node) {
  return node.value("type", "") == "string" || node.value("x-kubernetes-int-or-string", false);
}

}  // namespace

TEST_CASE("every field has a description that is a sentence") {
  for_each_node([](const std::string&, const Json& node) {
    const auto text = node.value("description", "");
    CHECK(text.size() > 10);
    CHECK(text.ends_with('.'));
    CHECK(text.find("  ") == std::string::npos);
  });
}

TEST_CASE("every string, list, map and number is bounded") {
  for_each_node([](const std::string&, const Json& node) {
    const auto type = node.value("type", "");
    if (is_text(node))
      CHECK((node.contains("maxLength") || node.contains("enum") || node.value("format", "") == "date-time"));
    if (type == "array") {
      CHECK(node.contains("maxItems"));
      CHECK(node.contains("x-kubernetes-list-type"));
    }
    if (node.contains("additionalProperties")) CHECK(node.contains("maxProperties"));
    if (type == "integer") {
      CHECK(node.contains("minimum"));
      CHECK((node.value("format", "") == "int32" || node.value("format", "") == "int64"));
    }
  });
}

TEST_CASE("every schema is structural: a type everywhere, and nothing is kept that is not described") {
  for_each_node([](const std::string&, const Json& node) {
    const auto type = node.value("type", "");
    CHECK((node.value("x-kubernetes-int-or-string", false) || type == "object" || type == "array" || type == "string" ||
           type == "integer" || type == "boolean"));
    CHECK_FALSE(node.contains("x-kubernetes-preserve-unknown-fields"));
    if (type == "object") CHECK((node.contains("properties") != node.contains("additionalProperties")));
  });
}

TEST_CASE("every rule has a message that says what must be, and names its field in backticks") {
  for_each_node([](const std::string&, const Json& node) {
    const Json rules = node.value("x-kubernetes-validations", Json::array());
    for (const auto& rule : rules) {
      const auto message = rule.value("message", "");
      CHECK_MESSAGE((message.find(" must ") != std::string::npos || message.starts_with("must ")), message);
      CHECK_MESSAGE(std::ranges::count(message, '`') >= 2, message);
    }
  });
}

TEST_CASE("every default, example and enum value is one that its own schema allows") {
  for_each_node([](const std::string& path, const Json& node) {
    for (const auto* key : {"default", "example"})
      if (node.contains(key)) CHECK(violations(node, node.at(key), path) == std::vector<std::string>{});
  });
}

TEST_CASE("the three definitions are of one family") {
  for (const auto& crd : crds()) {
    const Json& spec = crd.definition.at("spec");
    CHECK(spec.at("group") == "penstock.dev");
    CHECK(spec.at("scope") == "Namespaced");
    CHECK(spec.at("/names/categories"_json_pointer) == Json{"penstock"});
    REQUIRE(spec.at("versions").size() == 1);
    const Json& version = spec.at("versions").at(0);
    CHECK(version.at("name") == "v1alpha1");
    CHECK(version.at("subresources").contains("status"));
    CHECK(crd.schema.at("properties").at("status").at("properties").contains("conditions"));
    CHECK(version.at("additionalPrinterColumns").back().at("name") == "Age");
  }
}

TEST_CASE("an SRE sees of a ConsumerScaler what decides, without asking for more") {
  std::vector<std::string> columns;
  const Json version = crd("ConsumerScaler").definition.at("spec").at("versions").at(0);
  for (const auto& column : version.at("additionalPrinterColumns"))
    if (column.value("priority", 0) == 0) columns.push_back(column.at("name").get<std::string>());
  CHECK(columns ==
        std::vector<std::string>{"Group", "Lag", "Delay", "Replicas", "Desired", "Cap", "Limited-By", "Ready", "Age"});
}

TEST_CASE("every printer column reads a field that exists") {
  for (const auto& crd : crds()) {
    const Json version = crd.definition.at("spec").at("versions").at(0);
    for (const auto& column : version.at("additionalPrinterColumns")) {
      auto path = column.at("jsonPath").get<std::string>();
      if (path.starts_with(".metadata.")) continue;
      if (const auto filter = path.find("[?"); filter != std::string::npos) path = path.substr(0, filter);
      bool found = false;
      walk(crd.schema, "", [&](const std::string& at, const Json&) { found = found || "." + at == path; });
      CHECK_MESSAGE(found, path);
    }
  }
}
