#include <penstock/api/tls_secret.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::api;

TEST_CASE("a TLS Secret is read as it is printed, and one without its parts is refused by the name of the part") {
  const TlsSecret tls{"certificate", "key", "authorities"};
  Json secret{{"metadata", {{"name", "t"}}}, {"data", print_tls_data(tls)}};
  CHECK(parse_tls_secret(secret).value() == tls);
  secret["data"]["ca.crt"] = "%";
  CHECK(parse_tls_secret(secret).error().what == "the Secret has no readable `ca.crt`");
  secret["data"]["tls.key"] = "";
  CHECK(parse_tls_secret(secret).error().what == "the Secret has no readable `tls.key`");
  secret["data"]["tls.crt"] = 3;
  CHECK(parse_tls_secret(secret).error().what == "the Secret has no readable `tls.crt`");
  secret.erase("data");
  CHECK_FALSE(parse_tls_secret(secret));
}
