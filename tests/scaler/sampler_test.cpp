#include "scaler/fakes.hpp"

#include <penstock/base/metrics.hpp>
#include <penstock/scaler/meters.hpp>
#include <penstock/scaler/sampler.hpp>

#include <future>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaler;
using scaler::testing::SampleOf;
using scaler::testing::Stage;
using scaler::testing::view_of;
using scaler::testing::view_secret;

namespace {

const k8s::ObjectKey kOrders{"shop", "orders"};

// Answers every group of the plan with the same lag; or fails.
class FakeReader final : public kafka::OffsetReader {
 public:
  FakeReader(const Clock& clock, std::int64_t lag, bool fails = false) : clock_(clock), lag_(lag), fails_(fails) {}
  Result<kafka::Sample> read(const kafka::SamplePlan& plan, Duration, std::stop_token) override {
    ++reads_;
    if (fails_) return fail(Code::kUnavailable, "no broker answers");
    SampleOf sample(clock_.now());
    for (const auto& group : plan.groups) sample.behind(group.id, lag_);
    return sample.take();
  }
  kafka::Traffic traffic() const override {
    kafka::Traffic traffic;
    traffic.bytes_in = 100 * reads_;
    return traffic;
  }

 private:
  const Clock& clock_;
  const std::int64_t lag_;
  const bool fails_;
  std::uint64_t reads_ = 0;
};

// Does not come back before the stop.
class HangingReader final : public kafka::OffsetReader {
 public:
  Result<kafka::Sample> read(const kafka::SamplePlan&, Duration, std::stop_token stop) override {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
    return fail(Code::kCancelled, "stopped");
  }
  kafka::Traffic traffic() const override { return {}; }
};

}  // namespace

TEST_CASE("a tick reads, decides and publishes; another connection opens another reader") {
  Stage stage;
  Meters meters(stage.board);
  testing::put(stage.world.views, view_secret(view_of("shop", "main")));
  stage.add("orders");
  std::vector<std::string> opened;
  Sampler sampler({"shop", "main"}, stage.world, stage.board,
                  [&](const kafka::Connection& connection) -> Result<std::unique_ptr<kafka::OffsetReader>> {
                    opened.push_back(connection.bootstrap_servers);
                    if (opened.size() == 3) return fail(Code::kInvalid, "the CA is no certificate");
                    return std::make_unique<FakeReader>(stage.clock, opened.size() == 1 ? 1000 : 0);
                  },
                  meters, stage.clock, {});
  sampler.tick({});
  sampler.tick({});
  CHECK(opened == std::vector<std::string>{"main:9092"});
  CHECK(stage.board.read()->find(kOrders)->lag == 4000);
  CHECK(metrics::expose().find(
            "penstock_consumer_lag{group=\"orders\",namespace=\"shop\",scaler=\"orders\",topic=\"orders\"} 4000") !=
        std::string::npos);

  auto moved = view_of("shop", "main");
  moved.connection.bootstrap_servers = "elsewhere:9092";
  testing::put(stage.world.views, view_secret(moved));
  stage.clock.advance(1s);
  sampler.tick({});
  CHECK(opened.size() == 2);
  // Of both readers.
  CHECK(metrics::expose().find("penstock_kafka_bytes_total{direction=\"in\",platform=\"shop/main\"} 300\n") !=
        std::string::npos);
  CHECK(stage.board.read()->find(kOrders)->lag == 0);

  moved.connection.bootstrap_servers = "broken:9092";
  testing::put(stage.world.views, view_secret(moved));
  sampler.tick({});
  const auto entry = stage.board.read()->find(kOrders);
  CHECK_FALSE(entry->lag);
  CHECK(entry->error.find("the CA is no certificate") != std::string::npos);
  CHECK(entry->decision.freshness == scaling::Freshness::kStale);
  CHECK(metrics::expose().find("penstock_consumer_lag{group=\"orders\"") == std::string::npos);
  CHECK(metrics::expose().find("penstock_kafka_errors_total{code=\"invalid\",platform=\"shop/main\"} 1") !=
        std::string::npos);
}

TEST_CASE("a platform that hangs and one that fails delay nobody else, and a stop ends them all") {
  Stage stage;
  Meters meters(stage.board);
  const SystemClock clock;
  for (const auto* name : {"main", "hangs", "fails"})
    testing::put(stage.world.views, view_secret(view_of("shop", name)));
  stage.add("stuck", {{"platformRef", {{"name", "hangs"}}}});
  stage.add("failing", {{"platformRef", {{"name", "fails"}}}});
  stage.add("homeless", {{"platformRef", {{"name", "gone"}}}});
  stage.add("orders");
  std::promise<void> all;
  std::set<std::string> seen;
  int orders = 0;
  stage.board.subscribe([&](const Board::Change& change) {  // one at a time
    for (const auto& entry : change.changed) {
      seen.insert(entry->key.name);
      if (entry->key.name == "orders") ++orders;
    }
    if (seen.size() == 3 && orders == 1) {
      orders = -1;
      all.set_value();
    }
  });
  Samplers samplers(stage.world, stage.board,
                    [&](const kafka::Connection& connection) -> Result<std::unique_ptr<kafka::OffsetReader>> {
                      if (connection.bootstrap_servers == "hangs:9092") return std::make_unique<HangingReader>();
                      return std::make_unique<FakeReader>(clock, 1000, connection.bootstrap_servers == "fails:9092");
                    },
                    meters, clock, {100ms, 3s});
  {
    const std::jthread running([&](const std::stop_token& stop) { samplers.run(stop); });
    REQUIRE(all.get_future().wait_for(30s) == std::future_status::ready);
  }
  const auto snapshot = stage.board.read();
  CHECK(snapshot->find(kOrders)->decision.desired == 4);
  CHECK(snapshot->find({"shop", "failing"})->error.find("no broker answers") != std::string::npos);
  CHECK(snapshot->find({"shop", "homeless"})->error.find("EventPlatform shop/gone") != std::string::npos);
  CHECK_FALSE(snapshot->find({"shop", "stuck"}));
}
