// An object that can't be parsed still gets told what is wrong with it: Ready=False, reason Invalid.
#pragma once
#include <penstock/k8s/client.hpp>
#include <penstock/k8s/resource.hpp>

namespace penstock::op {

// Sets the conditions in the status that the object has, and leaves the rest of it as it is.
Result<void> report_invalid(const k8s::Client& client, const k8s::Resource& resource, const k8s::ObjectKey& key,
                            const Error& error, WallTime now, std::string_view field_manager, std::stop_token stop);

}  // namespace penstock::op
