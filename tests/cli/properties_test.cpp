#include <penstock/cli/properties.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;

namespace {

Properties parsed(std::string_view text) {
  const auto properties = parse_properties(text);
  if (!properties) FAIL(properties.error().to_string());
  return *properties;
}

}  // namespace

TEST_CASE("keys are separated from values by =, : or blanks, and comments are left out") {
  CHECK(parsed("# one\n! two\n\n a = b \nc:d\ne  f=g\nempty\nequals==x") ==
        Properties{{"a", "b "}, {"c", "d"}, {"e", "f=g"}, {"empty", ""}, {"equals", "=x"}});
}

TEST_CASE("the last of a key counts, and lines may end as on any system") {
  CHECK(parsed("a=1\r\nb=2\ra=3") == Properties{{"a", "3"}, {"b", "2"}});
}

TEST_CASE("a line goes on after a backslash, without the blanks that the next one begins with") {
  CHECK(parsed("a=one \\\n   two\\\n\tthree\nb=x\\\\\nc=y\\") ==
        Properties{{"a", "one twothree"}, {"b", "x\\"}, {"c", "y"}});
  CHECK(parsed("a=\\\n# no comment\nb=1") == Properties{{"a", "# no comment"}, {"b", "1"}});
}

TEST_CASE("escapes stand for what Java takes them for") {
  CHECK(parsed("a\\ b\\=c=x\\ty\\nz\\q") == Properties{{"a b=c", "x\ty\nzq"}});
  CHECK(parsed("a=\\u00e4\\u20AC") == Properties{{"a", "ä€"}});
  CHECK(parsed("\xef\xbb\xbf"
               "a=1") == Properties{{"a", "1"}});
}

TEST_CASE("an escape that is none is refused with its key") {
  const auto properties = parse_properties("fine=1\npath=C:\\users");
  REQUIRE_FALSE(properties);
  CHECK(properties.error().what == "path: \\u is not followed by four hexadecimal digits");
}
