#include "rpc/identities.hpp"

#include <penstock/operator/consumer_scaler/feed.hpp>
#include <penstock/v1/decision_feed.grpc.pb.h>

#include <condition_variable>

#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>

namespace penstock::op::consumer_scaler {
namespace {

using Keys = std::vector<k8s::ObjectKey>;
using penstock::v1::Update;

Update decided(const std::string& name, int desired) {
  Update update;
  update.mutable_decision()->set_namespace_("shop");
  update.mutable_decision()->set_name(name);
  update.mutable_decision()->set_desired(desired);
  return update;
}

Update synced() {
  Update update;
  update.mutable_synced();
  return update;
}

const SteadyTime kStart{1h};
const k8s::ObjectKey kOrders{"shop", "orders"}, kBills{"shop", "bills"};

TEST_CASE("a decision is news when it says something new, or comes after a silence") {
  Decisions decisions(kStart);
  CHECK(decisions.on(decided("orders", 1), kStart) == Keys{kOrders});
  Update again = decided("orders", 1);
  again.mutable_decision()->set_decided_at_ms(99);
  CHECK(decisions.on(again, kStart + 10s).empty());
  CHECK(decisions.on(decided("orders", 2), kStart + 11s) == Keys{kOrders});
  CHECK(decisions.on(decided("orders", 2), kStart + 42s) == Keys{kOrders});
}

TEST_CASE("a decision ages from when it was last heard; without one, the whole feed's silence counts") {
  Decisions decisions(kStart);
  CHECK(decisions.latest(kOrders, kStart + 5s).silence == 5s);
  decisions.on(decided("orders", 1), kStart + 10s);
  decisions.on(decided("bills", 1), kStart + 20s);
  CHECK(decisions.latest(kOrders, kStart + 30s).silence == 20s);
  CHECK(decisions.latest({"shop", "none"}, kStart + 30s).silence == 10s);
  CHECK(!decisions.latest({"shop", "none"}, kStart + 30s).decision);
}

TEST_CASE("a new stream keeps what it repeats and loses what it does not, when it is complete") {
  Decisions decisions(kStart);
  decisions.on(decided("orders", 1), kStart);
  decisions.on(decided("bills", 1), kStart);
  decisions.on(synced(), kStart);
  decisions.connected();
  decisions.on(decided("orders", 1), kStart);
  CHECK(decisions.latest(kBills, kStart).decision);
  CHECK(decisions.on(synced(), kStart) == Keys{kBills});
  CHECK(!decisions.latest(kBills, kStart).decision);
  CHECK(decisions.latest(kOrders, kStart).decision);
}

TEST_CASE("a removed decision is gone") {
  Decisions decisions(kStart);
  decisions.on(decided("orders", 1), kStart);
  Update removed;
  removed.mutable_removed()->set_namespace_("shop");
  removed.mutable_removed()->set_name("orders");
  CHECK(decisions.on(removed, kStart) == Keys{kOrders});
  CHECK(decisions.empty());
}

// A scaler that says one decision, then holds the stream until it is let go.
class OneDecision final : public penstock::v1::DecisionFeed::Service {
 public:
  explicit OneDecision(int desired) : desired_(desired) {}
  grpc::Status Watch(grpc::ServerContext* context, const penstock::v1::WatchRequest*,
                     grpc::ServerWriter<Update>* writer) override {
    writer->Write(decided("orders", desired_));
    writer->Write(synced());
    std::unique_lock lock(mutex_);
    while (!over_ && !context->IsCancelled()) changed_.wait_for(lock, std::chrono::milliseconds(20));
    return grpc::Status::OK;
  }
  void end() {
    std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }

 private:
  int desired_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
};

struct Scaler {
  explicit Scaler(int desired) : service(desired) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port);
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
  }
  ~Scaler() {
    service.end();
    server->Shutdown();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port); }
  OneDecision service;
  int port = 0;
  const std::shared_ptr<grpc::ServerCredentials> credentials =
      rpc::serving_credentials([] { return rpc::testing::identities().scaler; });
  std::unique_ptr<grpc::Server> server;
};

// What the feed called back, awaited.
class Heard {
 public:
  Feed::Listener listener() {
    return {[this](const k8s::ObjectKey&) { note(); }, [] {}};
  }
  bool wait_for_calls(int calls) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return calls_ >= calls; });
  }

 private:
  void note() {
    std::lock_guard lock(mutex_);
    ++calls_;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  int calls_ = 0;
};

TEST_CASE("one feed is followed, and the next address only when it dies") {
  auto first = std::make_unique<Scaler>(1);
  Scaler second(2);
  const SystemClock clock;
  Heard heard;
  Feed::Options options;
  options.addresses = {first->address(), second.address()};
  options.identity = [] { return rpc::testing::identities().caller; };
  options.first_back_off = 1ms;
  const Feed feed(options, clock, heard.listener());
  REQUIRE(heard.wait_for_calls(1));
  CHECK(feed.latest(kOrders).decision->desired() == 1);
  CHECK(feed.problem().empty());
  first.reset();
  REQUIRE(heard.wait_for_calls(2));
  CHECK(feed.latest(kOrders).decision->desired() == 2);
}

TEST_CASE("where nobody answers there is a problem and no decision, and the feed ends at once when it is told to") {
  const SystemClock clock;
  Feed::Options options;
  options.addresses = {"127.0.0.1:1"};
  options.identity = [] { return rpc::testing::identities().caller; };
  const Feed feed(options, clock, {[](const k8s::ObjectKey&) {}, [] {}});
  CHECK(!feed.problem().empty());
  CHECK(!feed.latest(kOrders).decision);
}

TEST_CASE("a feed without a certificate waits for one, and says so") {
  Scaler scaler(1);
  const SystemClock clock;
  Heard heard;
  std::atomic<int> asked = 0;
  Feed::Options options;
  options.addresses = {scaler.address()};
  options.first_back_off = 1ms;
  options.identity = [&]() -> Result<api::TlsSecret> {
    if (++asked < 4) return fail(Code::kUnavailable, "the Secret is not there yet");
    return rpc::testing::identities().caller;
  };
  const Feed feed(options, clock, heard.listener());
  REQUIRE(heard.wait_for_calls(1));
  CHECK(asked == 4);
  CHECK(feed.latest(kOrders).decision->desired() == 1);
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
