#include "rpc/identities.hpp"
#include "scaler/fakes.hpp"

#include <penstock/cli/decision_report.hpp>
#include <penstock/cli/feed_source.hpp>
#include <penstock/scaler/services.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;

namespace {

// A scaler's own feed, on a port.
struct Scaler : scaler::testing::Stage {
  std::unique_ptr<scaler::GrpcServer> server;
  std::string starting;

  Scaler() {
    add("orders");
    add("refunds", {{"consumerGroup", "back-office"}});
    start();
  }
  void start() {
    scaler::FeedOptions options;
    options.starting = [this] { return starting; };
    std::vector<std::unique_ptr<grpc::Service>> services;
    services.push_back(scaler::make_decision_feed_service(board, std::move(options)));
    server = scaler::GrpcServer::start(
                 "127.0.0.1:0", [] { return rpc::testing::identities().scaler; }, std::move(services))
                 .value();
  }
  FeedSource source(FeedWish wish = {}, DecisionView view = {}) {
    return FeedSource(
        [this](const std::stop_token&) -> Result<Route> {
          return Route{"127.0.0.1:" + std::to_string(server->port()), rpc::testing::identities().caller, {}};
        },
        std::move(wish), [view](const auto& decisions) { return answer_of(decisions, view); }, real);
  }
  SystemClock real;
};

std::string table_of(const Result<Answer>& answer) {
  if (!answer) FAIL(answer.error().to_string());
  return render(answer->table, {});
}

}  // namespace

TEST_CASE("every decision is a line, the largest lag first") {
  Scaler scaler;
  scaler.decide("orders", 20);
  scaler.decide("refunds", 600);
  auto source = scaler.source();
  const auto answer = source.read({});
  CHECK(
      table_of(answer) ==
      "NAME      GROUP         TYPE      STATE     LAG   DELAY   DESIRED   CAP   LIMITED-BY   SAMPLE   WHY\n"
      "refunds   back-office   Classic   Stable   2400     >1s         3     4   -            Fresh    lag 2,400 at "
      "1,000 a replica needs 3 replicas\n"
      "orders    orders        Classic   Stable     80       -         1     4   -            Fresh    lag 80 at 1,000 "
      "a replica needs 1 replica\n");
  CHECK(answer->complete);
  const OrderedJson& first = answer->value.at("consumerScalers").at(0);
  CHECK(first.at("name") == "orders");
  CHECK(first.at("group").at("id") == "orders");
  CHECK(first.at("lag") == 80);
  CHECK(first.at("desired") == 1);
}

TEST_CASE("a lag that the scaler doesn't know is unknown, with the scaler's reason, and comes first") {
  Scaler scaler;
  scaler.decide("orders", 20);
  scaler.decide("refunds", std::nullopt);
  auto source = scaler.source({}, {.namespaces = true});
  const auto answer = source.read({});
  CHECK_FALSE(answer->complete);
  const std::string table = table_of(answer);
  CHECK(table.starts_with("NAMESPACE   NAME"));
  CHECK(table.find("\nshop        refunds   back-office") < table.find("\nshop        orders"));
  CHECK(table.find("no broker answers") != std::string::npos);
  CHECK(answer->value.at("consumerScalers").at(1).at("lag").is_null());
  CHECK(answer->value.at("consumerScalers").at(1).at("desired").is_null());
}

TEST_CASE("names and a namespace choose; a name that nobody knows is a problem") {
  Scaler scaler;
  scaler.decide("orders", 20);
  scaler.decide("refunds", 20);
  auto one = scaler.source({.ns = "shop", .names = {"orders"}});
  CHECK(one.read({})->value.at("consumerScalers").size() == 1);
  auto missing = scaler.source({.ns = "shop", .names = {"orders", "lost"}});
  const auto answer = missing.read({});
  CHECK(answer->value.at("consumerScalers").size() == 1);
  CHECK_FALSE(answer->complete);
  REQUIRE(answer->problems.size() == 1);
  CHECK(answer->problems[0] == "the scaler has no decision on a ConsumerScaler lost in namespace shop");
  auto elsewhere = scaler.source({.ns = "other"});
  CHECK(elsewhere.read({})->table.rows.empty());
}

TEST_CASE("a scaler that is not there, or still starting, is an error that says so") {
  Scaler scaler;
  scaler.starting = "the first decision on shop/orders";
  auto source = scaler.source();
  const auto starting = source.read({});
  REQUIRE_FALSE(starting);
  CHECK(starting.error().what.find("still starting: the first decision on shop/orders") != std::string::npos);
  SystemClock clock;
  FeedSource lost([](const std::stop_token&) -> Result<Route> { return fail(Code::kUnavailable, "no way there"); }, {},
                  {}, clock);
  const auto nowhere = lost.read({});
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().what == "no way there");
}

TEST_CASE("a feed that ends is an error at once, and is found again") {
  Scaler scaler;
  scaler.decide("orders", 20);
  auto source = scaler.source();
  CHECK(source.read({})->table.rows.size() == 1);
  scaler.server.reset();
  const auto by = SystemClock{}.now() + 20s;
  while (source.read({})) REQUIRE(SystemClock{}.now() < by);
  scaler.start();
  while (!source.read({})) REQUIRE(SystemClock{}.now() < by);
  CHECK(source.read({})->table.rows.size() == 1);
}

TEST_CASE("changes are heard") {
  Scaler scaler;
  scaler.decide("orders", 20);
  auto source = scaler.source();
  CHECK(source.read({})->value.at("consumerScalers").at(0).at("lag") == 80);
  scaler.decide("orders", 30);
  const auto by = SystemClock{}.now() + 20s;
  while (source.read({})->value.at("consumerScalers").at(0).at("lag") != 120) REQUIRE(SystemClock{}.now() < by);
  scaler::testing::remove(scaler.world.scalers, scaler::testing::scaler_object("shop", "orders"));
  while (!source.read({})->table.rows.empty()) REQUIRE(SystemClock{}.now() < by);
}
