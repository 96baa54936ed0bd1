// JSON is nlohmann's, with object keys sorted, so that the same value is always the same text.
#pragma once
#include <nlohmann/json.hpp>

namespace penstock {
using Json = nlohmann::json;
}
