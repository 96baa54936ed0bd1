// Writes a resource's status when it says something new, by server-side apply on the status subresource.
#pragma once
#include <penstock/api/meta.hpp>
#include <penstock/k8s/client.hpp>

#include <string>
#include <string_view>

namespace penstock::op {

// Which object is meant: apiVersion, kind, name, namespace, uid.
Json identity(std::string_view kind, const api::Meta& meta);

// The object that a status apply sends: identity with uid, and the status.
Json status_object(std::string_view kind, const api::Meta& meta, Json status);

// Sets Ready, Reconciling and Stalled as kstatus wants them. stalled: nothing but a person can help.
void set_ready(api::Conditions& conditions, std::int64_t generation, WallTime now, api::ConditionStatus ready,
               std::string_view reason, std::string_view message, bool stalled = false);

// The reason and message for a reconcile that an error ended.
void set_failed(api::Conditions& conditions, std::int64_t generation, WallTime now, const Error& error);

// A condition that ends as it was has not moved, though it was set otherwise in between.
void keep_transitions(const api::Conditions& before, api::Conditions& after);

}  // namespace penstock::op
