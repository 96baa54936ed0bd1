#include <penstock/pki/ids.hpp>

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

using namespace penstock;

namespace {

bool is_id(const std::string& id) {
  // 16 bytes in 22 characters leave 4 bits of the last one unused: they must be 0, or Kafka decodes another text.
  return id.size() == 22 && id.front() != '-' && std::string_view("AQgw").find(id.back()) != std::string_view::npos &&
         std::ranges::all_of(id, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

}  // namespace

TEST_CASE("random ids are Kafka ids and differ") {
  std::set<std::string> ids;
  for (int i = 0; i < 2000; ++i) {
    const std::string id = pki::random_uuid_base64();
    REQUIRE_MESSAGE(is_id(id), id);
    ids.insert(id);
  }
  CHECK(ids.size() == 2000);
}

TEST_CASE("a derived id is a Kafka id that depends on its seed alone") {
  // SHA-256("abc") begins with ba7816bf 8f01cfea 414140de 5dae2223 (FIPS 180-4, appendix B.1).
  CHECK(pki::derived_id("abc") == "ungWv48Bz-pBQUDeXa4iIw");
  std::set<std::string> ids;
  for (int i = 0; i < 2000; ++i) {
    const std::string id = pki::derived_id("seed " + std::to_string(i));
    REQUIRE_MESSAGE(is_id(id), id);
    ids.insert(id);
  }
  CHECK(ids.size() == 2000);
}
