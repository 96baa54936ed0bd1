#include <penstock/base/backoff.hpp>
#include <penstock/base/log.hpp>
#include <penstock/base/stop.hpp>
#include <penstock/operator/consumer_scaler/feed.hpp>
#include <penstock/v1/decision_feed.grpc.pb.h>

#include <grpcpp/grpcpp.h>

namespace penstock::op::consumer_scaler {
namespace {

constexpr Duration kWatchdogTick = 1s;

}  // namespace

Feed::Feed(Options options, const Clock& clock, Listener listener)
    : options_(std::move(options)), clock_(clock), listener_(std::move(listener)), decisions_(clock.now()) {
  watchdog_ = std::jthread([this](const std::stop_token& stop) { watch_silence(stop); });
  reader_ = std::jthread([this](const std::stop_token& stop) { follow(stop); });
}

Feed::~Feed() = default;

Decisions::Heard Feed::latest(const k8s::ObjectKey& key) const {
  std::lock_guard lock(mutex_);
  return decisions_.latest(key, clock_.now());
}

std::string Feed::problem() const {
  std::lock_guard lock(mutex_);
  return problem_;
}

void Feed::cancel() {
  std::lock_guard lock(mutex_);
  if (call_) call_->TryCancel();
}

void Feed::follow(const std::stop_token& stop) {
  if (options_.addresses.empty()) return;
  Backoff back_off(options_.first_back_off, options_.longest_back_off);
  for (std::size_t i = 0; !stop.stop_requested(); i = (i + 1) % options_.addresses.size()) {
    const SteadyTime began = clock_.now();
    read(options_.addresses[i], stop);
    if (clock_.now() - began > options_.longest_back_off) back_off.reset();
    if (!wait_for(stop, back_off.next())) return;
  }
}

void Feed::read(const std::string& address, const std::stop_token& stop) {
  const auto identity = options_.identity();
  if (!identity) {
    std::lock_guard lock(mutex_);
    problem_ = identity.error().what;
    return;
  }
  const auto stub = penstock::v1::DecisionFeed::NewStub(rpc::dial(address, *identity));
  grpc::ClientContext context;
  {
    std::lock_guard lock(mutex_);
    call_ = &context;
    decisions_.connected();
  }
  const std::stop_callback on_stop(stop, [this] { cancel(); });
  const auto stream = stub->Watch(&context, penstock::v1::WatchRequest());
  penstock::v1::Update update;
  bool spoke = false;
  while (stream->Read(&update)) {
    std::vector<k8s::ObjectKey> touched;
    {
      std::lock_guard lock(mutex_);
      touched = decisions_.on(update, clock_.now());
      problem_.clear();
      told_silence_ = false;
    }
    if (!spoke) log::info("following the scaler's decisions", {{"address", address}});
    spoke = true;
    for (const k8s::ObjectKey& key : touched) listener_.changed(key);
  }
  const grpc::Status status = stream->Finish();
  std::lock_guard lock(mutex_);
  call_ = nullptr;
  if (stop.stop_requested()) return;
  const std::string problem = "the scaler at " + address + " can't be heard (" + status.error_message() + ")";
  if (spoke || problem != problem_)
    log::warn("the decision feed ended", {{"address", address}, {"error", status.error_message()}});
  problem_ = problem;
}

void Feed::watch_silence(const std::stop_token& stop) {
  while (wait_for(stop, kWatchdogTick)) {
    bool tell = false, hang_up = false;
    {
      std::lock_guard lock(mutex_);
      const Duration silence = decisions_.silence(clock_.now());
      hang_up = silence > (decisions_.empty() ? options_.silence_when_empty : options_.silence) && problem_.empty();
      tell = silence > options_.silence && !told_silence_ && (!problem_.empty() || hang_up);
      if (tell) told_silence_ = true;
      if (hang_up) {
        problem_ = "the scaler has fallen silent";
        if (call_) call_->TryCancel();
      }
    }
    if (tell) listener_.silent();
  }
}

}  // namespace penstock::op::consumer_scaler
