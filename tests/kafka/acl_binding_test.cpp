#include <penstock/kafka/types.hpp>

#include <doctest/doctest.h>

using namespace penstock::kafka;

TEST_CASE("an ACL binding reads as a sentence") {
  const AclBinding binding{.name = "orders", .principal = "User:billing"};
  CHECK(binding.to_string() == "Allow User:billing Read on Topic:orders (Literal) from *");
}

TEST_CASE("every ACL binding that can be printed reads back the same") {
  for (const auto resource :
       {ResourceType::kTopic, ResourceType::kGroup, ResourceType::kTransactionalId, ResourceType::kCluster})
    for (const auto pattern : {PatternType::kLiteral, PatternType::kPrefixed})
      for (int operation = 0; operation <= static_cast<int>(Operation::kIdempotentWrite); ++operation)
        for (const auto permission : {Permission::kAllow, Permission::kDeny})
          for (const char* principal : {"User:billing", "User:*", "User:CN=a on b, O=from c (Literal), C=DE"})
            for (const char* host : {"*", "10.0.0.1", "fe80::1"}) {
              const AclBinding binding{.resource = resource,
                                       .name = "a.b_c-1:x",
                                       .pattern = pattern,
                                       .principal = principal,
                                       .host = host,
                                       .operation = static_cast<Operation>(operation),
                                       .permission = permission};
              const auto read = parse_acl_binding(binding.to_string());
              REQUIRE(read);
              CHECK(*read == binding);
            }
}

TEST_CASE("what is no ACL binding is not read as one") {
  for (const char* text :
       {"", "Allow", "Allow User:a Read on Topic:x (Literal)", "Allow User:a Read on Topic:x from *",
        "Perhaps User:a Read on Topic:x (Literal) from *", "Allow User:a Sing on Topic:x (Literal) from *",
        "Allow User:a Read on Table:x (Literal) from *", "Allow User:a Read on Topic: (Literal) from *",
        "Allow User:a Read on Topic:x (Regex) from *", "Allow  Read on Topic:x (Literal) from *",
        "Allow User:a Read on Topic:x (Literal) from "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_acl_binding(text));
  }
}
