#include <penstock/scaler/answers.hpp>

#include <algorithm>
#include <charconv>

namespace penstock::scaler {
namespace {

constexpr std::string_view kMetricPrefix = "penstock-lag-";

std::string name_of(const k8s::ObjectKey& key) {
  return "ConsumerScaler " + key.to_string();
}

}  // namespace

std::string metric_name(std::int64_t target) {
  return std::string(kMetricPrefix) + std::to_string(target);
}

Result<std::int64_t> target_of(std::string_view name) {
  std::int64_t target = 0;
  if (name.starts_with(kMetricPrefix)) {
    const std::string_view digits = name.substr(kMetricPrefix.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), target);
    if (error == std::errc{} && end == digits.data() + digits.size() && target > 0) return target;
  }
  return fail(Code::kInvalid, "the metric name must be penstock-lag- and the target, as GetMetricSpec gave it",
              Retry::never());
}

Answers::Answers(Lookup lookup, const Board& board, const Clock& clock, Duration oldest)
    : lookup_(std::move(lookup)), board_(board), clock_(clock), oldest_(oldest) {}

Result<ScalerPtr> Answers::scaler(const k8s::ObjectKey& key) const {
  auto found = lookup_(key);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(Code::kNotFound, "there is no " + name_of(key), Retry::never());
  if (!**found) return fail(name_of(key), (**found).error());
  return found;
}

Result<std::int64_t> Answers::target(const k8s::ObjectKey& key) const {
  const auto found = scaler(key);
  if (!found) return std::unexpected(found.error());
  return (**found)->spec.metric_target();
}

Result<Answers::Known> Answers::known(const k8s::ObjectKey& key) const {
  const auto found = scaler(key);
  if (!found) return std::unexpected(found.error());
  EntryPtr entry = board_.read()->find(key);
  if (!entry || entry->uid != (**found)->meta.uid)
    return fail(Code::kUnavailable, name_of(key) + ": nothing is decided yet");
  if (clock_.now() - entry->decided() > oldest_)
    return fail(Code::kUnavailable, name_of(key) + ": the last decision is older than " + format_duration(oldest_));
  if (!entry->decision.known) {
    std::string why = name_of(key) + ": ";
    for (std::size_t i = 0; i < entry->decision.reasons.size(); ++i)
      why += (i == 0 ? "" : "; ") + entry->decision.reasons[i];
    return fail(Code::kUnavailable, why);
  }
  return Known{*found, std::move(entry)};
}

Result<double> Answers::metric(const k8s::ObjectKey& key, std::int64_t asked_target, bool ours) const {
  const auto both = known(key);
  if (!both) return std::unexpected(both.error());
  const Entry& e = *both->entry;
  const auto target = static_cast<double>(e.target);
  const bool has_cap = ours && (*both->scaler)->spec.mode == api::Mode::kScale;
  const double metric = has_cap ? e.decision.metric : std::min(e.decision.metric, e.decision.desired * target);
  return asked_target == e.target ? metric : metric * static_cast<double>(asked_target) / target;
}

Result<bool> Answers::active(const k8s::ObjectKey& key) const {
  const auto both = known(key);
  if (!both) return std::unexpected(both.error());
  return both->entry->decision.active;
}

}  // namespace penstock::scaler
