#include <penstock/base/log.hpp>
#include <penstock/base/metrics.hpp>
#include <penstock/base/stop.hpp>
#include <penstock/k8s/lease.hpp>

#include <algorithm>
#include <exception>
#include <random>
#include <thread>

#include <prometheus/gauge.h>

namespace penstock::k8s {

namespace {

// client-go's jitter: between one and 2.2 periods, so that those who wait don't knock together.
Duration jittered(Duration period, std::mt19937_64& random) {
  return Duration{std::uniform_int_distribution<Duration::rep>(period.count(), period.count() * 22 / 10)(random)};
}

prometheus::Gauge& leading_gauge(const LeaseOptions& options) {
  return prometheus::BuildGauge()
      .Name("leader_election_master_status")
      .Help("Whether this process is the leader: 1, or stands by: 0")
      .Register(metrics::registry())
      .Add({{"name", options.lease.name}});
}

void report(const LeaseOptions& options, const Result<bool>& tried) {
  // To lose a race is the ordinary case of an election.
  if (tried || tried.error().code == Code::kConflict || tried.error().code == Code::kAlreadyExists ||
      tried.error().code == Code::kCancelled)
    return;
  log::warn("the leader election could not reach its lease",
            {{"lease", options.lease.to_string()}, {"error", tried.error().to_string()}});
}

void give_back(Contender& contender, const LeaseOptions& options) {
  const auto released = contender.release(options.retry_period);
  if (!released)
    log::warn("the lease could not be given back: others wait until it expires",
              {{"lease", options.lease.to_string()}, {"error", released.error().to_string()}});
}

// True when the lease is ours, false at the stop.
bool acquire(Contender& contender, const LeaseOptions& options, const std::stop_token& stop) {
  std::mt19937_64 random{std::random_device{}()};
  while (!stop.stop_requested()) {
    report(options, contender.attempt(options.renew_deadline / 2, stop));
    if (contender.holds()) return true;
    wait_for(stop, jittered(options.retry_period, random));
  }
  return false;
}

// Renews until the work has ended (true) or the lease is lost (false).
bool keep(Contender& contender, const LeaseOptions& options, const std::stop_token& finished) {
  while (wait_for(finished, std::min(options.retry_period, contender.left()))) {
    if (contender.left() == Duration{0}) return false;
    const auto timeout = [&] { return std::min(options.renew_deadline / 2, contender.left()); };
    auto tried = contender.attempt(timeout(), finished);
    // Somebody wrote to our lease: look at once whether it is still ours.
    if (!tried && tried.error().code == Code::kConflict) tried = contender.attempt(timeout(), finished);
    report(options, tried);
    if (!contender.holds()) return false;
  }
  return true;
}

}  // namespace

Ended lead(const Client& client, const LeaseOptions& options, const Clock& clock, std::stop_token stop,
           const std::function<void(std::stop_token)>& on_started) {
  prometheus::Gauge& gauge = leading_gauge(options);
  gauge.Set(0);
  Contender contender(client, options, clock);
  if (!acquire(contender, options, stop)) {
    give_back(contender, options);
    return Ended::kStopped;
  }
  log::info("leading", {{"lease", options.lease.to_string()}, {"identity", options.identity}});
  gauge.Set(1);

  std::stop_source leading, finished;
  std::jthread work([&] {
    try {
      on_started(leading.get_token());
    } catch (const std::exception& error) {
      log::error("the leader's work ended with an exception", {{"error", error.what()}});
    }
    finished.request_stop();
  });
  bool kept = false;
  {
    const std::stop_callback at_stop(stop, [&leading] { leading.request_stop(); });
    kept = keep(contender, options, finished.get_token());
  }
  leading.request_stop();
  work.join();
  gauge.Set(0);
  log::info("no longer leading", {{"lease", options.lease.to_string()}, {"lost", !kept}});
  if (!kept) return Ended::kLost;
  give_back(contender, options);
  return stop.stop_requested() ? Ended::kStopped : Ended::kLost;
}

}  // namespace penstock::k8s
