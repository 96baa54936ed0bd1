// What a decision says in a ConsumerScaler's status.
#pragma once
#include <penstock/operator/consumer_scaler/plan.hpp>

namespace penstock::op::consumer_scaler {

// Heard within the silence that is allowed.
bool heard(const Observed& observed);

// Numbers, verdicts, the list of decisions, and the conditions Active, Limited, Stale and Fallback.
void tell_decision(api::ConsumerScalerStatus& status, const Observed& observed, WallTime now);

// What a person should be told about the way from one status to the next.
std::vector<Action> events(const api::ConsumerScalerStatus& was, const api::ConsumerScalerStatus& is,
                           const Decision* decision);

// "lag 12000 needs 12; partitions feed 12".
std::string in_words(const Decision& decision);

}  // namespace penstock::op::consumer_scaler
