// Kubernetes quantities ("10Gi", "500m", "1e3"), as far as whole units matter to us.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock {

// The value in whole units, rounded up ("500m" is 1); nullopt for what Kubernetes refuses or 2^63 can't hold.
std::optional<std::int64_t> parse_quantity(std::string_view text);

}  // namespace penstock
