// What must change in a live object so that it says what we rendered. Pure.
//
// A first creation is a POST, so its fields stay owned by that "Update" for ever and a later server-side apply could
// never take one away again (a listener's port, a key of a ConfigMap). A merge patch of what differs can: lists are
// replaced whole, and keys that are too many are set to null.
#pragma once
#include <penstock/base/json.hpp>

#include <set>
#include <string>
#include <string_view>

namespace penstock::op {

// A JSON merge patch; an empty object when nothing differs. What the live object has beside the rendered fields (the
// server's defaults, other people's labels) is left alone, except in maps named in exact, where only our keys may be.
Json difference(const Json& rendered, const Json& live, const std::set<std::string>& exact = {});

// Whether two Kubernetes quantities are the same amount, however written ("1024Mi", "1Gi").
bool same_quantity(std::string_view a, std::string_view b);

}  // namespace penstock::op
