// The CRD files as data: what their schemas say, the smallest and largest objects that they allow, and whether an
// object keeps to them. Only as much of OpenAPI as our own files use.
#pragma once
#include <penstock/base/json.hpp>

#include <functional>
#include <random>
#include <string>
#include <vector>

namespace penstock::test {

std::string read_file(const std::string& path_in_source);
std::vector<Json> read_yaml(const std::string& text);  // every document
Json read_yaml_file(const std::string& path_in_source);

struct Crd {
  std::string kind;
  Json definition;
  Json schema;  // openAPIV3Schema of its only version
};
const std::vector<Crd>& crds();
const Crd& crd(std::string_view kind);

// visit(path, schema) for every schema below: "spec.access[].role", "spec.config{}".
using Visit = std::function<void(const std::string&, const Json&)>;
void walk(const Json& schema, const std::string& path, const Visit& visit);

// What the API server would find wrong, rules in CEL left out; empty if nothing.
std::vector<std::string> violations(const Json& schema, const Json& value, const std::string& path);
// What the API server would add.
void set_defaults(const Json& schema, Json& value);
// The one spelling of what the schema allows several of: int-or-string is a string, an empty list is no list.
void normalize(const Json& schema, Json& value, const std::string& path);

// Objects that keep to a schema. The same `variant` or seed gives the same object; variants go through all enum values,
// bounds and examples.
class Generator {
 public:
  static Json minimal(const Json& schema) { return Generator(Kind::kMinimal, 0).make(schema); }
  static Json full(const Json& schema, unsigned variant) { return Generator(Kind::kFull, variant).make(schema); }
  static Json random(const Json& schema, unsigned seed) { return Generator(Kind::kRandom, seed).make(schema); }

 private:
  enum class Kind { kMinimal, kFull, kRandom };
  Generator(Kind kind, unsigned seed) : kind_(kind), variant_(seed), random_(seed) {}
  Json make(const Json& schema);
  Json make_object(const Json& schema);
  Json make_list(const Json& schema);
  std::size_t below(std::size_t limit);

  Kind kind_;
  unsigned variant_;
  std::mt19937 random_;
};

// The object with what rules in CEL ask for beyond the schema put right.
Json keep_rules(std::string_view kind, Json object, unsigned variant);

}  // namespace penstock::test
