// All reads of a Topic's reconcile: the stores, and Kafka through the published platform.
#pragma once
#include <penstock/operator/platforms.hpp>
#include <penstock/operator/sources.hpp>
#include <penstock/operator/topic/plan.hpp>

#include <stop_token>

namespace penstock::op::topic {

k8s::ObjectKey platform_of(const api::Topic& topic);

// platform: the published one, nullptr when it is not ready.
Result<Observed> observe(const api::Topic& topic, const Stores& stores, const Platform* platform);

}  // namespace penstock::op::topic
