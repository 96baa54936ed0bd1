#include <penstock/k8s/lease.hpp>

#include <utility>

namespace penstock::k8s {

namespace {

constexpr const char* kManager = "penstock-leader-election";

Json spec_of(const Json& lease) {
  const auto spec = lease.find("spec");
  return spec != lease.end() && spec->is_object() ? *spec : Json::object();
}

std::string holder_of(const Json& spec) {
  const Json holder = spec.value("holderIdentity", Json{});
  return holder.is_string() ? holder.get<std::string>() : "";
}

std::int64_t number(const Json& spec, const char* name) {
  const Json value = spec.value(name, Json{});
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::int64_t whole_seconds(Duration duration) {
  return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

LeaseJudge::Verdict LeaseJudge::judge(const std::optional<Json>& lease, SteadyTime now) {
  if (!lease) return Verdict::kCreate;
  const Json spec = spec_of(*lease);
  if (spec != observed_) {
    observed_ = spec;
    observed_at_ = now;
  }
  const std::string holder = holder_of(spec);
  if (holder == options_.identity) return Verdict::kRenew;
  if (holder.empty()) return Verdict::kTake;
  // The holder's own promise counts. Its clock doesn't: only how long we have seen nothing change.
  const std::int64_t promised = number(spec, "leaseDurationSeconds");
  const Duration duration = promised > 0 ? Duration{std::chrono::seconds(promised)} : options_.duration;
  return now - observed_at_ < duration ? Verdict::kWait : Verdict::kTake;
}

Json LeaseJudge::record(Verdict verdict, const std::optional<Json>& seen, WallTime now) const {
  Json lease = seen.value_or(Json{{"metadata", {{"namespace", options_.lease.ns}, {"name", options_.lease.name}}}});
  Json spec = spec_of(lease);
  spec["holderIdentity"] = options_.identity;
  spec["leaseDurationSeconds"] = whole_seconds(options_.duration);
  spec["renewTime"] = format_micro_time(now);
  if (verdict != Verdict::kRenew) {
    spec["acquireTime"] = spec["renewTime"];
    spec["leaseTransitions"] = verdict == Verdict::kCreate ? 0 : number(spec, "leaseTransitions") + 1;
  }
  lease["spec"] = std::move(spec);
  return lease;
}

Json LeaseJudge::released(Json held, WallTime now) const {
  Json spec = spec_of(held);
  spec.erase("holderIdentity");
  spec["leaseDurationSeconds"] = 1;
  spec["renewTime"] = format_micro_time(now);
  held["spec"] = std::move(spec);
  return held;
}

Contender::Contender(const Client& client, LeaseOptions options, const Clock& clock)
    : client_(client), options_(std::move(options)), clock_(clock), judge_(options_) {}

Duration Contender::left() const {
  const SteadyTime end = renewed_ + options_.renew_deadline;
  const SteadyTime now = clock_.now();
  return holds_ && end > now ? end - now : Duration{0};
}

Result<bool> Contender::attempt(Duration timeout, std::stop_token stop) {
  const Client client = client_.with_timeout(timeout);
  if (!known_) {
    auto found = client.find(kinds::kLease, options_.lease, stop);
    if (!found) return std::unexpected(found.error());
    known_ = std::move(*found);
  }
  const auto verdict = judge_.judge(known_, clock_.now());
  // Somebody led while we thought we did: whether or not that one is still alive, our time is over.
  const bool overtaken =
      holds_ && known_ && verdict != LeaseJudge::Verdict::kRenew && !holder_of(spec_of(*known_)).empty();
  if (verdict == LeaseJudge::Verdict::kWait || overtaken) {
    known_.reset();
    holds_ = unsure_ = false;
    return false;
  }
  return write(verdict, client, std::move(stop));
}

Result<bool> Contender::write(LeaseJudge::Verdict verdict, const Client& client, std::stop_token stop) {
  // Before the request: what we promise ourselves must end before what the others see.
  const SteadyTime began = clock_.now();
  const Json wanted = judge_.record(verdict, known_, clock_.wall());
  auto answer = client.call(verdict == LeaseJudge::Verdict::kCreate ? create(kinds::kLease, wanted, kManager)
                                                                    : replace(kinds::kLease, wanted, kManager),
                            std::move(stop));
  if (!answer) {
    known_.reset();
    // A refusal is definite; anything else may have come too late to stop the write.
    const Code code = answer.error().code;
    unsure_ = code != Code::kConflict && code != Code::kAlreadyExists;
    return std::unexpected(answer.error());
  }
  known_ = std::move(*answer);
  renewed_ = began;
  holds_ = true;
  unsure_ = false;
  return true;
}

Result<void> Contender::release(Duration timeout) {
  if (!holds_ && !unsure_) return {};
  const Client client = client_.with_timeout(timeout);
  if (!known_) {
    auto found = client.find(kinds::kLease, options_.lease);
    if (!found) return std::unexpected(found.error());
    known_ = std::move(*found);
  }
  holds_ = unsure_ = false;
  const auto held = std::exchange(known_, std::nullopt);
  if (!held || holder_of(spec_of(*held)) != options_.identity) return {};
  const auto answer = client.call(replace(kinds::kLease, judge_.released(*held, clock_.wall()), kManager));
  if (!answer) return std::unexpected(answer.error());
  return {};
}

}  // namespace penstock::k8s
