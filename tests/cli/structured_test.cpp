#include <penstock/cli/structured.hpp>

#include <doctest/doctest.h>

using namespace penstock::cli;
using nlohmann::ordered_json;

namespace {

ordered_json value() {
  return {{"lag", 9007199254740993},
          {"nothing", nullptr},
          {"yes", true},
          {"names", {"orders", "no", "1", "", "a: b", "null", "say \"hi\"", "-x", "3 brokers"}},
          {"none", ordered_json::array()},
          {"empty", ordered_json::object()},
          {"groups", {{{"id", "a"}, {"rate", 1.5}}}}};
}

}  // namespace

TEST_CASE("JSON keeps the order of its keys and every digit") {
  const std::string line = json_text(value(), true);
  CHECK(line.starts_with(R"({"lag":9007199254740993,"nothing":null,"yes":true,"names":["orders",)"));
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(json_text({{"a", {1}}}, false) == "{\n  \"a\": [\n    1\n  ]\n}\n");
  CHECK(ordered_json::parse(json_text({{"a", "\xff"}}, true)).at("a") == "\xef\xbf\xbd");
}

TEST_CASE("YAML quotes what would be read as something else than text") {
  CHECK(yaml_text(value()) == R"(lag: 9007199254740993
nothing: ~
"yes": true
names:
  - orders
  - "no"
  - "1"
  - ""
  - "a: b"
  - "null"
  - "say \"hi\""
  - "-x"
  - "3 brokers"
none: []
empty: {}
groups:
  - id: a
    rate: 1.5
)");
}
