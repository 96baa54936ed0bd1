// The HPA or ScaledObject that a ConsumerScaler wants, as JSON.
#pragma once
#include <penstock/operator/consumer_scaler/plan.hpp>
#include <penstock/scaling/behavior.hpp>

namespace penstock::op::consumer_scaler {

scaling::Range bounds(const Observed& observed);

// `live` is what the server has, or null: a quantity that says the same is kept as it is written there.
Json render_autoscaler(const Observed& observed, const Json& live);
Json render_scaled_object(const Observed& observed, const Settings& settings, const Json& live);

// What must be patched in the live object, with its uid; nullopt when nothing differs.
std::optional<Json> patch_of(const Json& rendered, const Json& live);

// Whether this object is controlled by the ConsumerScaler.
bool owned_by(const Json& object, const api::Meta& meta);
// "1k" for 1000: as the API server writes a quantity.
std::string canonical_quantity(std::int64_t value);

}  // namespace penstock::op::consumer_scaler
