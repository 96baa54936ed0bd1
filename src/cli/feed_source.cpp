#include "grpc_code.hpp"

#include <penstock/base/backoff.hpp>
#include <penstock/base/stop.hpp>
#include <penstock/cli/feed_source.hpp>
#include <penstock/rpc/tls.hpp>
#include <penstock/v1/decision_feed.grpc.pb.h>

#include <grpcpp/grpcpp.h>

namespace penstock::cli {
namespace {

constexpr Duration kFirstBackoff = 200ms, kLongestBackoff = 5s;
// The feed repeats each decision every 10 s at least (proto/penstock/v1/decision_feed.proto).
constexpr Duration kLongestSilence = 25s;

}  // namespace

FeedSource::FeedSource(FindRoute find_route, FeedWish wish, Report report, const Clock& clock)
    : find_route_(std::move(find_route)), wish_(std::move(wish)), report_(std::move(report)), clock_(clock) {
  follower_ = std::jthread([this](const std::stop_token& stop) { follow(stop); });
}

FeedSource::~FeedSource() = default;

Result<Answer> FeedSource::read(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const bool told = changed_.wait_for(lock, stop, wish_.timeout, [&] { return synced_ || problem_.has_value(); });
  if (stop.stop_requested()) return fail(Code::kCancelled, "stopping", Retry::never());
  if (problem_) return std::unexpected(*problem_);
  if (!told) return fail(Code::kTimeout, "the scaler has not told everything within " + format_duration(wish_.timeout));
  if (!decisions_.empty() && clock_.now() - heard_ > kLongestSilence) {
    if (call_ != nullptr) call_->TryCancel();
    return fail(Code::kUnavailable, "the scaler has been silent for " + format_duration(clock_.now() - heard_));
  }
  return answer_locked();
}

Answer FeedSource::answer_locked() const {
  std::vector<v1::Decision> decisions;
  std::vector<std::string> missing = wish_.names;
  for (const auto& [key, decision] : decisions_) {
    if (!wish_.names.empty() && std::ranges::find(wish_.names, key.second) == wish_.names.end()) continue;
    std::erase(missing, key.second);
    decisions.push_back(decision);
  }
  Answer answer = report_(decisions);
  for (const std::string& name : missing)
    answer.problems.push_back("the scaler has no decision on a ConsumerScaler " + name +
                              (wish_.ns.empty() ? "" : " in namespace " + wish_.ns));
  answer.complete &= missing.empty();
  if (!missing.empty()) answer.value["problems"] = answer.problems;
  return answer;
}

void FeedSource::cancel() {
  const std::lock_guard lock(mutex_);
  if (call_ != nullptr) call_->TryCancel();
}

void FeedSource::follow(const std::stop_token& stop) {
  Backoff back_off(kFirstBackoff, kLongestBackoff);
  while (!stop.stop_requested()) {
    const auto route = find_route_(stop);
    Error problem = route ? listen(*route, stop) : route.error();
    {
      const std::lock_guard lock(mutex_);
      if (synced_) back_off.reset();
      decisions_.clear();
      synced_ = false;
      problem_ = std::move(problem);
    }
    changed_.notify_all();
    if (!wait_for(stop, back_off.next())) return;
  }
}

Error FeedSource::listen(const Route& route, const std::stop_token& stop) {
  const auto stub = v1::DecisionFeed::NewStub(rpc::dial(route.address, route.identity));
  grpc::ClientContext context;
  {
    const std::lock_guard lock(mutex_);
    call_ = &context;
  }
  const std::stop_callback on_stop(stop, [this] { cancel(); });
  v1::WatchRequest request;
  request.set_namespace_(wish_.ns);
  if (wish_.names.size() == 1) request.set_name(wish_.names.front());
  const auto stream = stub->Watch(&context, request);
  for (v1::Update update; stream->Read(&update);) hear(update);
  const grpc::Status status = stream->Finish();
  const std::lock_guard lock(mutex_);
  call_ = nullptr;
  const std::string words = status.ok() ? "it ended the feed" : status.error_message();
  return {code_of(status.error_code()), "the scaler at " + route.address + " can't be heard: " + words, Retry::later()};
}

void FeedSource::hear(const v1::Update& update) {
  {
    const std::lock_guard lock(mutex_);
    heard_ = clock_.now();
    if (update.has_decision()) {
      decisions_[{update.decision().namespace_(), update.decision().name()}] = update.decision();
    } else if (update.has_removed()) {
      decisions_.erase({update.removed().namespace_(), update.removed().name()});
    } else if (update.has_synced()) {
      synced_ = true;
      problem_.reset();
    }
  }
  changed_.notify_all();
}

}  // namespace penstock::cli
