#include "metrics_server.hpp"

#include <penstock/base/log.hpp>
#include <penstock/base/stop.hpp>
#include <penstock/k8s/config.hpp>
#include <penstock/runtime/process.hpp>
#include <penstock/scaler/app.hpp>
#include <penstock/scaler/meters.hpp>
#include <penstock/scaler/sampler.hpp>
#include <penstock/scaler/services.hpp>

#include <condition_variable>

namespace penstock::scaler {
namespace {

constexpr const char* kClientId = "penstock-scaler";
// A request to the API server by the metrics API's authorizer: HPA itself waits no longer.
constexpr Duration kCallTimeout = 5s;
constexpr Duration kLookForCertificate = 100ms;  // for the certificate, while there is none

// Objects that have no decision yet, as a reason to wait.
std::string undecided(const World& world, const Board& board) {
  if (std::string kinds = world.awaited(); !kinds.empty()) return kinds;
  const auto snapshot = board.read();
  for (const auto& [key, scaler] : world.scalers.all())
    if (*scaler && !snapshot->find(key)) return "the first decision on " + key.to_string();
  return {};
}

// Starting is over once, whatever comes later.
class Started {
 public:
  Started(const World& world, const Board& board) : world_(world), board_(board) {}
  std::string awaited() const {
    if (done_.load()) return {};
    std::string what = undecided(world_, board_);
    if (what.empty()) done_.store(true);
    return what;
  }

 private:
  const World& world_;
  const Board& board_;
  mutable std::atomic<bool> done_ = false;
};

bool exists(const World& world, const k8s::ObjectKey& key, const std::string& uid) {
  const auto entry = world.scalers.get(key);
  return entry && *entry && (*entry)->meta.uid == uid;
}

Result<ScalerPtr> look_up(const World& world, const k8s::ObjectKey& key) {
  if (!world.scalers.synced()) return fail(Code::kUnavailable, "still starting: ConsumerScalers are not all known");
  return world.scalers.get(key);
}

}  // namespace

Result<void> run(const Settings& settings, const std::stop_token& stop) {
  const auto health_address = parse_address(settings.health_address);
  if (!health_address) return std::unexpected(health_address.error());
  const auto metrics_address = parse_address(settings.metrics_api_address);
  if (!metrics_address) return std::unexpected(metrics_address.error());
  const auto config = k8s::load_config(settings.kubeconfig);
  if (!config) return std::unexpected(config.error());
  const std::string ns = settings.ns.empty() ? config->ns : settings.ns;

  const SystemClock clock;
  World world;
  Board board([&](const k8s::ObjectKey& key, const std::string& uid) { return exists(world, key, uid); });
  world.scalers.subscribe([&](const k8s::ObjectKey& key) { board.review(key); });
  Meters meters(board);
  const Answers answers([&](const k8s::ObjectKey& key) { return look_up(world, key); }, board, clock);
  const Started started(world, board);
  FeedOptions feed;
  feed.starting = [&] { return started.awaited(); };
  const auto tls = [&] { return world.tls(ns); };
  std::atomic<bool> listening = false;
  const auto open = [&](const kafka::Connection& connection) {
    return kafka::open_offset_reader(connection, kClientId, clock);
  };
  Samplers samplers(world, board, open, meters, clock,
                    {.tick = settings.tick,
                     .read_timeout = std::max<Duration>(3 * settings.tick, 3s),
                     .by_partition = settings.partition_metrics});

  const auto deaf = [&] {
    const auto certificate = tls();
    return listening ? std::string() : certificate ? "about to listen" : certificate.error().what;
  };
  const auto transport = k8s::connect(*config);
  MetricsServer metrics(world, answers, k8s::Client(transport, kCallTimeout), ns, clock);
  auto health = runtime::serve_health(*health_address, {{"grpc", deaf},
                                                        {"metrics-api", [&] { return metrics.awaited(); }},
                                                        {"starting", [&] { return started.awaited(); }}});
  if (!health) return std::unexpected(health.error());
  const Watches watches(world, transport, ns);
  std::jthread sampling([&](const std::stop_token& own) { samplers.run(own); });
  std::jthread serving([&](const std::stop_token& own) { metrics.run(*metrics_address, own); });
  if (const auto certificate = tls(); !certificate)
    log::info("the gRPC server waits", {{"for", certificate.error().what}});
  while (!tls())
    if (!wait_for(stop, kLookForCertificate)) return {};
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(make_external_scaler_service(answers, board));
  services.push_back(make_decision_feed_service(board, feed));
  const auto grpc_server = GrpcServer::start(settings.grpc_address, tls, std::move(services));
  if (!grpc_server) return std::unexpected(grpc_server.error());
  listening = true;
  log::info("penstock-scaler serves", {{"namespace", ns},
                                       {"grpc", (*grpc_server)->port()},
                                       {"health", (*health)->port()},
                                       {"tick", format_duration(settings.tick)}});
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, stop, [] { return false; });
  log::info("penstock-scaler stops");
  sampling.request_stop();
  serving.request_stop();
  return {};
}

}  // namespace penstock::scaler
