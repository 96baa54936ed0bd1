#include <penstock/scaler/app.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaler;

TEST_CASE("an address is a host and a port") {
  CHECK(parse_address("0.0.0.0:8080") == Address{"0.0.0.0", 8080});
  CHECK(parse_address("[::]:0") == Address{"::", 0});
  for (const auto* bad : {"", ":", "8080", ":8080", "host:", "host:x", "host:70000", "host:80x"})
    CHECK_MESSAGE(!parse_address(bad), bad);
}
