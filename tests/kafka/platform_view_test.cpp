#include <penstock/base/base64.hpp>
#include <penstock/kafka/platform_view.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka;

namespace {

PlatformView full() {
  PlatformView view;
  view.ns = "kafka";
  view.name = "main";
  view.uid = "4711";
  view.cluster_id = "p9Yd1Xw2QkS5m0VnTqz3Ag";
  view.connection = {"b-1:9094,b-2:9094", true,  "ca",
                     "certificate",       "key", Sasl{"SCRAM-SHA-512", "eye", "p\xc3\xbc\"w\\"}};
  view.allowed = {{"shop", {"orders", "returns."}, {"shop-"}}, {"audit", {}, {}}};
  return view;
}

Json secret_of(const PlatformView& view) {
  return {{"kind", "Secret"}, {"data", print_platform_view(view)}};
}

}  // namespace

TEST_CASE("a platform view that was printed reads back as itself") {
  PlatformView view = full();
  CHECK(parse_platform_view(secret_of(view)).value() == view);
  view.connection = {};
  view.connection.bootstrap_servers = "localhost:9092";
  view.allowed.clear();
  view.uid = view.cluster_id = "";
  view.unsettled = true;
  CHECK(parse_platform_view(secret_of(view)).value() == view);
}

TEST_CASE("a damaged view is refused by the name of its key and without its value") {
  const Json good = secret_of(full());
  for (const std::string key : {"platform", "connection", "allowed"}) {
    for (const std::string bad : {"-", "%%%%", "bm8=", "e30=", "WzFd", "MQ=="}) {  // -, not base64, no, {}, [1], 1
      Json secret = good;
      secret["data"][key] = bad;
      const auto view = parse_platform_view(secret);
      CAPTURE(key);
      CAPTURE(bad);
      REQUIRE_FALSE(view);
      CHECK(view.error().code == Code::kInvalid);
      CHECK(view.error().what.find("`" + key + "`") != std::string::npos);
      CHECK(view.error().what.find("p\xc3\xbc") == std::string::npos);
    }
    Json secret = good;
    secret["data"].erase(key);
    CHECK_FALSE(parse_platform_view(secret));
  }
  CHECK_FALSE(parse_platform_view(Json::object()));
  CHECK_FALSE(parse_platform_view(Json::array()));
}

TEST_CASE("the own namespace reads everything, others what a rule of theirs allows") {
  const PlatformView view = full();
  CHECK(view.may_read("kafka", "any", {"thing"}));
  CHECK(view.may_read("kafka", "any", {}));
  CHECK(view.may_read("shop", "shop-orders", {"orders", "returns.eu"}));
  CHECK(view.may_read("audit", "any", {}));
  struct {
    const char *ns, *group;
    std::vector<std::string> topics;
  } const refused[] = {
      {"shop", "other", {"orders"}},      {"shop", "shop-orders", {"orders", "salaries"}},
      {"shop", "shop-orders", {}},  // every topic of the group is more than the prefixes allow
      {"sho", "shop-orders", {"orders"}}, {"", "shop-orders", {"orders"}},
  };
  for (const auto& c : refused) {
    const auto answer = view.may_read(c.ns, c.group, c.topics);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Code::kForbidden);
    CHECK(answer.error().what.find("allowedNamespaces") != std::string::npos);
  }
}

TEST_CASE("a view's name tells platforms apart") {
  CHECK(platform_view_name("a", "b") == platform_view_name("a", "b"));
  CHECK(platform_view_name("a", "b") != platform_view_name("b", "a"));
  CHECK(platform_view_name("a", "b").starts_with("penstock-view-"));
}

TEST_CASE("base64 follows the RFC's examples and refuses what is not canonical") {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : examples) {
    CHECK(encode_base64(plain) == coded);
    CHECK(decode_base64(coded) == plain);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(decode_base64(encode_base64(all)) == all);
  for (const auto* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "=", "Z===", "Zm9v\n", "Zm9*"})
    CHECK_MESSAGE(!decode_base64(bad), bad);
}
