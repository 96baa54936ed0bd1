// Steps that the plans of both kinds of platform share. Pure.
#pragma once
#include <penstock/operator/platform/layout.hpp>
#include <penstock/operator/platform/plan.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::op::platform {

// A plan that changes nothing yet.
PlatformPlan start(const Observed& observed);

void not_ready(PlatformPlan& plan, const Observed& observed, WallTime now, const std::string& reason,
               const std::string& message, bool stalled = false);
void ready(PlatformPlan& plan, const Observed& observed, WallTime now, const std::string& message);

// Nobody answers as the platform's cluster should.
void unreachable(PlatformPlan& plan, const Observed& observed, WallTime now, const Error& error);
// Somebody answers who is not the platform's cluster: no writes to it, and a person must look.
void wrong_cluster(PlatformPlan& plan, const Observed& observed, WallTime now);
// The right cluster answers: pinned, described, shown to the scaler, published.
void verified(PlatformPlan& plan, const Observed& observed);

// The status with what must not happen unrecorded, before the actions that follow.
Action record(const api::EventPlatform& platform, const api::EventPlatformStatus& status, std::string why);
void hold_finalizer(PlatformPlan& plan, const Observed& observed);

// The Secret through which the scaler learns how to reach a platform.
k8s::ObjectKey view_key(const Observed& observed);
void show_to_scaler(PlatformPlan& plan, const Observed& observed);
void hide_from_scaler(PlatformPlan& plan, const Observed& observed, const std::string& why);

// When certificates end; brokers that have not loaded what lies in their Secret do so, and where theirs has expired
// they are restarted, one at a time.
void certificates_in_use(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now);

// What penstock-scaler needs.
std::vector<kafka::AclBinding> scaler_acls();
void keep_scaler_access(PlatformPlan& plan, const Observed& observed);
// Users and their passwords in Kafka, and the Secrets of the accounts.
void keep_accounts(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now);

// Equal but for numbers: "refused (after 3ms)" says nothing new after "refused (after 5ms)".
bool same_words(std::string_view a, std::string_view b);
// Kafka's words for a condition, as they were before (null: it was not there) where the same is said with other times
// and ports: a status that changed each time would be a loop.
std::string lasting_words(const api::Condition* before, const std::string& reason, const std::string& text);

}  // namespace penstock::op::platform
