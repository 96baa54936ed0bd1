// What is said to those who ask, whatever they speak: from the store and the snapshot alone, at once. An unknown is an
// error, never a number and never "inactive". Any thread.
#pragma once
#include <penstock/scaler/snapshot.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::scaler {

using ScalerPtr = std::shared_ptr<const Result<api::ConsumerScaler>>;

// The name of the metric of this target, which is part of its identity: "penstock-lag-1000".
std::string metric_name(std::int64_t target);
// The target at the end of such a name.
Result<std::int64_t> target_of(std::string_view metric_name);

class Answers {
 public:
  // nullptr: there is no such object. Unset while objects are not all known.
  using Lookup = std::function<Result<ScalerPtr>(const k8s::ObjectKey&)>;

  // A decision that is older than this is none: its engine has died or hangs.
  Answers(Lookup lookup, const Board& board, const Clock& clock, Duration oldest = 30s);

  // kNotFound, kInvalid (it can't be read), kUnavailable (not yet known).
  Result<std::int64_t> target(const k8s::ObjectKey& key) const;
  // The metric for the target that was asked with, whatever the spec says by now. An autoscaler that Penstock made has
  // the cap for its maximum, and is told the lag beyond it as well; a person's (ours: false, or a ConsumerScaler that
  // only observes) no more than lands on the decision.
  Result<double> metric(const k8s::ObjectKey& key, std::int64_t asked_target, bool ours) const;
  Result<bool> active(const k8s::ObjectKey& key) const;

 private:
  struct Known {
    ScalerPtr scaler;  // can be read
    EntryPtr entry;
  };
  Result<Known> known(const k8s::ObjectKey& key) const;
  Result<ScalerPtr> scaler(const k8s::ObjectKey& key) const;

  const Lookup lookup_;
  const Board& board_;
  const Clock& clock_;
  const Duration oldest_;
};

}  // namespace penstock::scaler
