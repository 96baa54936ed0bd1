#include "rpc/identities.hpp"
#include "scaler/fakes.hpp"

#include <penstock/scaler/services.hpp>
#include <penstock/v1/decision_feed.grpc.pb.h>

#include <thread>

#include <doctest/doctest.h>
#include <externalscaler.grpc.pb.h>
#include <grpcpp/generic/generic_stub.h>

using namespace penstock;
using namespace penstock::scaler;
using scaler::testing::Stage;

namespace {

// A call that hangs is a failed test.
struct Context : grpc::ClientContext {
  Context() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20)); }
};

externalscaler::ScaledObjectRef ref_to(const std::string& name, const std::string& ns = "shop") {
  externalscaler::ScaledObjectRef ref;
  ref.set_namespace_(ns);
  ref.set_name("a-scaled-object");
  (*ref.mutable_scalermetadata())["scalerAddress"] = "penstock-scaler:9443";
  (*ref.mutable_scalermetadata())["consumerScaler"] = name;
  return ref;
}

Result<api::TlsSecret> tls() {
  return rpc::testing::identities().scaler;
}

struct Server : Stage {
  std::unique_ptr<GrpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<externalscaler::ExternalScaler::Stub> keda;
  std::unique_ptr<v1::DecisionFeed::Stub> feed;

  explicit Server(FeedOptions options = {}) {
    std::vector<std::unique_ptr<grpc::Service>> services;
    services.push_back(make_external_scaler_service(answers, board));
    services.push_back(make_decision_feed_service(board, std::move(options)));
    server = GrpcServer::start("127.0.0.1:0", tls, std::move(services)).value();
    channel = rpc::dial("127.0.0.1:" + std::to_string(server->port()), rpc::testing::identities().caller);
    keda = externalscaler::ExternalScaler::NewStub(channel);
    feed = v1::DecisionFeed::NewStub(channel);
  }

  std::pair<grpc::StatusCode, bool> active(const externalscaler::ScaledObjectRef& about) {
    Context context;
    externalscaler::IsActiveResponse response;
    const auto status = keda->IsActive(&context, about, &response);
    return {status.error_code(), response.result()};
  }
  std::pair<grpc::StatusCode, externalscaler::GetMetricsResponse> metrics(const std::string& name,
                                                                          const std::string& metric) {
    Context context;
    externalscaler::GetMetricsRequest request;
    *request.mutable_scaledobjectref() = ref_to(name);
    request.set_metricname(metric);
    externalscaler::GetMetricsResponse response;
    const auto status = keda->GetMetrics(&context, request, &response);
    return {status.error_code(), response};
  }
};

}  // namespace

TEST_CASE("KEDA learns target, value and activity of a ConsumerScaler in the ScaledObject's namespace") {
  Server server;
  server.add("orders");
  {
    Context context;
    externalscaler::GetMetricSpecResponse spec;  // before any sample
    REQUIRE(server.keda->GetMetricSpec(&context, ref_to("orders"), &spec).ok());
    REQUIRE(spec.metricspecs_size() == 1);
    CHECK(spec.metricspecs(0).metricname() == "penstock-lag-1000");
    CHECK(spec.metricspecs(0).targetsizefloat() == 1000);
  }
  CHECK(server.active(ref_to("orders")).first == grpc::UNAVAILABLE);
  CHECK(server.metrics("orders", "penstock-lag-1000").first == grpc::UNAVAILABLE);
  server.decide("orders", 1000);
  CHECK(server.active(ref_to("orders")) == std::pair(grpc::OK, true));
  auto [code, response] = server.metrics("orders", "penstock-lag-1000");
  REQUIRE(code == grpc::OK);
  REQUIRE(response.metricvalues_size() == 1);
  CHECK(response.metricvalues(0).metricname() == "penstock-lag-1000");
  CHECK(response.metricvalues(0).metricvaluefloat() == 4000);
  CHECK(server.metrics("orders", "penstock-lag-100").second.metricvalues(0).metricvaluefloat() == 400);
  CHECK(server.metrics("orders", "cpu").first == grpc::INVALID_ARGUMENT);
}

TEST_CASE("another namespace's name is not found, and an address in the metadata is refused") {
  Server server;
  server.add("orders");
  server.decide("orders", 1000);
  CHECK(server.active(ref_to("orders", "other")).first == grpc::NOT_FOUND);
  CHECK(server.active(ref_to("nobody")).first == grpc::NOT_FOUND);
  CHECK(server.active(ref_to("")).first == grpc::INVALID_ARGUMENT);
  CHECK(server.active(ref_to("shop/orders", "other")).first == grpc::INVALID_ARGUMENT);
  CHECK(server.active(ref_to("orders", "")).first == grpc::INVALID_ARGUMENT);
  CHECK(server.active(ref_to(std::string(300, 'a'))).first == grpc::INVALID_ARGUMENT);
  for (const auto* key : {"bootstrapServers", "bootstrapservers", "brokerList"}) {
    auto hostile = ref_to("orders");
    (*hostile.mutable_scalermetadata())[key] = "evil:9092";
    CHECK(server.active(hostile).first == grpc::INVALID_ARGUMENT);
  }
  auto many = ref_to("orders");
  for (int i = 0; i < 100; ++i) (*many.mutable_scalermetadata())["k" + std::to_string(i)] = "v";
  CHECK(server.active(many).first == grpc::INVALID_ARGUMENT);
  auto large = ref_to("orders");
  (*large.mutable_scalermetadata())["large"] = std::string(1 << 20, 'x');
  CHECK(server.active(large).first == grpc::RESOURCE_EXHAUSTED);
}

TEST_CASE("a stream of activity begins with what is known and follows each change") {
  Server server;
  server.add("orders", {{"cooldown", "1s"}});
  Context context;
  auto stream = server.keda->StreamIsActive(&context, ref_to("orders"));
  stream->WaitForInitialMetadata();
  server.decide("orders", std::nullopt);  // unknown: nothing is said
  server.decide("orders", 0);
  externalscaler::IsActiveResponse message;
  REQUIRE(stream->Read(&message));
  CHECK_FALSE(message.result());
  server.decide("orders", 5);
  REQUIRE(stream->Read(&message));
  CHECK(message.result());
  server.decide("orders", 0);
  server.decide("orders", 0);
  REQUIRE(stream->Read(&message));
  CHECK_FALSE(message.result());
  testing::remove(server.world.scalers, testing::scaler_object("shop", "orders"));
  CHECK_FALSE(stream->Read(&message));
  CHECK(stream->Finish().error_code() == grpc::NOT_FOUND);
}

TEST_CASE("a stream of targets follows the spec") {
  Server server;
  server.add("orders");
  Context context;
  auto stream = server.keda->StreamMetricSpec(&context, ref_to("orders"));
  externalscaler::GetMetricSpecResponse message;
  REQUIRE(stream->Read(&message));
  CHECK(message.metricspecs(0).targetsize() == 1000);
  server.add("orders", {{"lagThreshold", 10}});
  server.decide("orders", 0);
  REQUIRE(stream->Read(&message));
  CHECK(message.metricspecs(0).metricname() == "penstock-lag-10");
}

TEST_CASE("many streams take no thread each, and the server ends them all in time") {
  Server server;
  server.add("orders");
  server.decide("orders", 0);
  const int count = 500;
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<externalscaler::IsActiveResponse>>> streams;
  externalscaler::IsActiveResponse message;
  for (int i = 0; i < count; ++i) {
    contexts.push_back(std::make_unique<Context>());
    streams.push_back(server.keda->StreamIsActive(contexts.back().get(), ref_to("orders")));
  }
  for (auto& stream : streams) REQUIRE(stream->Read(&message));
  server.decide("orders", 5);
  int woken = 0;
  for (auto& stream : streams) woken += stream->Read(&message) && message.result();
  CHECK(woken == count);
  streams.resize(count / 2);  // clients that went away
  contexts.resize(count / 2);
  const auto before = std::chrono::steady_clock::now();
  server.server.reset();
  CHECK(std::chrono::steady_clock::now() - before < 2s);
  for (auto& stream : streams) CHECK_FALSE(stream->Read(&message));
}

TEST_CASE("the feed tells all, then synced, then changes and removals") {
  Server server;
  server.add("orders");
  server.add("returns");
  server.decide("orders", 1000);
  server.decide("returns", 0);
  Context context;
  v1::WatchRequest request;
  auto stream = server.feed->Watch(&context, request);
  v1::Update update;
  std::map<std::string, v1::Decision> told;
  while (stream->Read(&update) && update.has_decision()) told[update.decision().name()] = update.decision();
  REQUIRE(update.has_synced());
  REQUIRE(told.size() == 2);
  const v1::Decision& orders = told["orders"];
  CHECK(orders.namespace_() == "shop");
  CHECK(orders.uid() == "uid-orders");
  CHECK(orders.generation() == 1);
  CHECK(orders.known());
  CHECK(orders.desired() == 4);
  CHECK(orders.active());
  CHECK(orders.metric() == 4000);
  CHECK(orders.target() == 1000);
  CHECK(orders.lag_known());
  CHECK(orders.lag() == 4000);
  CHECK(orders.partitions() == 4);
  CHECK(orders.cap() == 4);
  CHECK(orders.freshness() == v1::FRESH);
  CHECK(orders.group().assignor() == "range");
  CHECK(orders.reasons_size() > 0);
  CHECK(orders.decided_at_ms() > 0);
  CHECK(orders.last_active_ms() > 0);
  CHECK(told["returns"].desired() == 0);

  server.decide("returns", 0);  // nothing new: nothing is said
  server.decide("orders", 2000);
  REQUIRE(stream->Read(&update));
  REQUIRE(update.has_decision());
  CHECK(update.decision().name() == "orders");
  CHECK(update.decision().lag() == 8000);
  server.decide("orders", std::nullopt);
  REQUIRE(stream->Read(&update));
  CHECK(update.decision().freshness() == v1::STALE);
  CHECK_FALSE(update.decision().lag_known());
  CHECK(update.decision().error().find("no broker answers") != std::string::npos);
  testing::remove(server.world.scalers, testing::scaler_object("shop", "orders"));
  REQUIRE(stream->Read(&update));
  REQUIRE(update.has_removed());
  CHECK(update.removed().uid() == "uid-orders");
}

TEST_CASE("a feed of one object tells of no other, and repeats itself") {
  FeedOptions options;
  options.repeat = 50ms;
  Server server(options);
  server.add("orders");
  server.add("returns");
  server.decide("orders", 1000);
  server.decide("returns", 0);
  Context context;
  v1::WatchRequest request;
  request.set_namespace_("shop");
  request.set_name("returns");
  auto stream = server.feed->Watch(&context, request);
  v1::Update update;
  REQUIRE(stream->Read(&update));
  CHECK(update.decision().name() == "returns");
  REQUIRE(stream->Read(&update));
  CHECK(update.has_synced());
  for (int i = 0; i < 3; ++i) {
    REQUIRE(stream->Read(&update));
    CHECK(update.decision().name() == "returns");
  }
}

TEST_CASE("while the first decisions are awaited the feed is refused, so that silence is never taken for absence") {
  FeedOptions options;
  options.starting = [] { return std::string("ConsumerScalers"); };
  Server server(options);
  Context context;
  auto stream = server.feed->Watch(&context, v1::WatchRequest());
  v1::Update update;
  CHECK_FALSE(stream->Read(&update));
  const auto status = stream->Finish();
  CHECK(status.error_code() == grpc::UNAVAILABLE);
  CHECK(status.error_message().find("ConsumerScalers") != std::string::npos);
}

TEST_CASE("what Penstock would have done differently is told of those that only observe") {
  FeedOptions options;
  std::string starting = "the first decision on shop/orders";
  options.starting = [&] { return starting; };
  Server server(options);
  server.add_observing("orders", 1);
  server.add("returns");
  const auto ask = [&](const std::string& name) {
    Context context;
    v1::CompareRequest request;
    request.set_namespace_("shop");
    request.set_name(name);
    v1::Comparison comparison;
    const grpc::Status status = server.feed->Compare(&context, request, &comparison);
    return std::pair(status, comparison);
  };
  CHECK(ask("orders").first.error_code() == grpc::UNAVAILABLE);
  starting.clear();
  CHECK(ask("orders").first.error_code() == grpc::NOT_FOUND);
  CHECK(ask("orders").first.error_message() == "there is no decision on a ConsumerScaler shop/orders");
  for (int i = 0; i < 11; ++i) server.decide("orders", 1000);
  const auto [status, told] = ask("orders");
  REQUIRE(status.ok());
  CHECK(told.namespace_() == "shop");
  CHECK(told.name() == "orders");
  CHECK(told.uid() == "uid-orders");
  CHECK(told.generation() == 1);
  CHECK(told.until_ms() - told.since_ms() == 10'000);
  CHECK(told.known_ms() == 10'000);
  CHECK(told.actual().replica_seconds() == 10);
  CHECK(told.actual().changes() == 0);
  CHECK(told.actual().most() == 1);
  CHECK(told.penstock().replica_seconds() == 40);
  CHECK(told.penstock().most() == 4);
  CHECK(told.missed_ms() == 10'000);
  CHECK(told.lag_threshold() == 1000);
  CHECK_FALSE(told.has_delay_threshold_ms());
  REQUIRE(told.differences_size() == 1);
  const auto& difference = told.differences(0);
  CHECK(difference.from_ms() == told.since_ms());
  CHECK(difference.length_ms() == 10'000);
  CHECK(difference.goes_on());
  CHECK(difference.replica_seconds() == 30);
  CHECK(difference.actual() == 1);
  CHECK(difference.penstock() == 4);
  CHECK(difference.lag() == 4000);
  CHECK(difference.reason() == "lag 4,000 at 1,000 a replica needs 4 replicas");
  server.decide("returns", 0);
  const auto refused = ask("returns").first;
  CHECK(refused.error_code() == grpc::FAILED_PRECONDITION);
  CHECK(refused.error_message().find("kubectl patch cscaler returns -n shop") != std::string::npos);
}

TEST_CASE("it says that it is well to those who may ask, and doesn't say what it can") {
  Server server;
  const auto call = [&](const std::string& method) {
    Context context;
    grpc::CompletionQueue queue;
    const grpc::ByteBuffer nothing(nullptr, 0);
    const auto running = grpc::GenericStub(server.channel).PrepareUnaryCall(&context, method, nothing, &queue);
    running->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    running->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool good = false;
    queue.Next(&tag, &good);
    grpc::Slice bytes;
    if (status.ok()) REQUIRE(answer.DumpToSingleSlice(&bytes).ok());
    return std::pair(status.error_code(), std::string(bytes.begin(), bytes.end()));
  };
  CHECK(call("/grpc.health.v1.Health/Check") == std::pair(grpc::OK, std::string("\x08\x01")));  // SERVING
  for (const auto* version : {"v1", "v1alpha"})
    CHECK(call("/grpc.reflection." + std::string(version) + ".ServerReflection/ServerReflectionInfo").first ==
          grpc::UNIMPLEMENTED);
}

TEST_CASE("an address that can't be listened on is an error that names it") {
  Server server;
  Stage stage;
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(make_external_scaler_service(stage.answers, stage.board));
  const auto second = GrpcServer::start("127.0.0.1:" + std::to_string(server.server->port()), tls, std::move(services));
  REQUIRE_FALSE(second);
  CHECK(second.error().what.find("127.0.0.1") != std::string::npos);
}
