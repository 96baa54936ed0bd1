#include <penstock/base/log.hpp>
#include <penstock/base/stop.hpp>
#include <penstock/scaler/meters.hpp>
#include <penstock/scaler/sampler.hpp>

#include <sys/resource.h>

namespace penstock::scaler {
namespace {

// Ticks at a steady beat; a tick that took longer is followed at once, missed beats are not made up for.
// Where there are not enough processors for all, who answers goes first: an answer is due at once, a tick in a second.
void beat(const std::stop_token& stop, const Clock& clock, Duration period, const std::function<void()>& tick) {
  constexpr int kNice = 10;
  ::setpriority(PRIO_PROCESS, 0, kNice);  // of this thread, on Linux
  SteadyTime next = clock.now();
  while (!stop.stop_requested()) {
    tick();
    next = std::max(next + period, clock.now());
    if (!wait_for(stop, next - clock.now())) return;
  }
}

}  // namespace

Sampler::Sampler(k8s::ObjectKey platform, const World& world, Board& board, OpenReader open, Meters& meters,
                 const Clock& clock, SamplerOptions options)
    : platform_(std::move(platform)),
      world_(world),
      board_(board),
      open_(std::move(open)),
      meters_(meters),
      clock_(clock),
      options_(options),
      engine_({.by_partition = options.by_partition}) {}

Result<void> Sampler::ensure_reader() {
  const auto view = world_.view(platform_);
  if (!view) {
    reader_.reset();
    return std::unexpected(view.error());
  }
  if (reader_ && connection_ == view->connection) return {};
  reader_.reset();
  connection_ = view->connection;
  auto opened = open_(connection_);
  if (!opened) return fail("EventPlatform " + platform_.to_string(), opened.error());
  reader_ = std::move(*opened);
  told_ = {};
  log::info("reading offsets", {{"platform", platform_.to_string()}, {"bootstrap", connection_.bootstrap_servers}});
  return {};
}

void Sampler::tick(const std::stop_token& stop) {
  const SteadyTime started = clock_.now();
  const std::string name = platform_.to_string();
  const World::Subjects subjects = world_.subjects_of(platform_);
  const kafka::SamplePlan& plan = engine_.plan(*subjects);
  std::optional<Result<kafka::Sample>> sample;
  if (!plan.groups.empty()) {
    const Result<void> ready = ensure_reader();
    sample = ready ? reader_->read(plan, options_.read_timeout, stop) : std::unexpected(ready.error());
    if (ready) {
      kafka::Traffic traffic = reader_->traffic();
      meters_.asked(name, traffic, told_);
      told_ = std::move(traffic);
    }
    if (stop.stop_requested()) return;
    if (*sample) {
      meters_.sampled(name, (*sample)->taken, clock_.now());
    } else {
      meters_.failed(name, sample->error());
    }
  }
  const auto entries = engine_.tick(*subjects, sample ? &*sample : nullptr, clock_.now(), clock_.wall());
  board_.publish(entries);
  meters_.ticked(name, clock_.now() - started);
}

Samplers::Samplers(World& world, Board& board, OpenReader open, Meters& meters, const Clock& clock,
                   SamplerOptions options)
    : world_(world), board_(board), open_(std::move(open)), meters_(meters), clock_(clock), options_(options) {
  world_.views.subscribe([this](const k8s::ObjectKey&) {
    const std::lock_guard lock(mutex_);
    look_ = true;
    changed_.notify_all();
  });
}

void Samplers::run(const std::stop_token& stop) {
  std::jthread homeless([this](const std::stop_token& own) { without_platform(own); });
  std::map<k8s::ObjectKey, std::jthread> threads;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return look_; })) break;
      look_ = false;
    }
    const std::set<k8s::ObjectKey> wanted = world_.platforms();
    for (auto& [platform, thread] : threads)
      if (!wanted.contains(platform)) thread.request_stop();
    std::erase_if(threads, [&](const auto& entry) {
      if (wanted.contains(entry.first)) return false;
      meters_.platform_gone(entry.first.to_string());
      return true;
    });
    for (const auto& platform : wanted) {
      if (threads.contains(platform)) continue;
      threads.emplace(platform, std::jthread([this, platform](const std::stop_token& own) {
                        Sampler sampler(platform, world_, board_, open_, meters_, clock_, options_);
                        beat(own, clock_, options_.tick, [&] { sampler.tick(own); });
                      }));
    }
  }
  homeless.request_stop();
  for (auto& [platform, thread] : threads) thread.request_stop();
}

void Samplers::without_platform(const std::stop_token& stop) {
  Engine engine;
  beat(stop, clock_, options_.tick, [&] {
    const auto subjects = world_.subjects_without_platform();
    board_.publish(engine.tick(subjects, nullptr, clock_.now(), clock_.wall()));
  });
}

}  // namespace penstock::scaler
