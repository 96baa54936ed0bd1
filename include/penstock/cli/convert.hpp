// From KEDA's ScaledObject with kafka triggers to a ConsumerScaler: each parameter is carried over, or its fate is
// told. Pure.
#pragma once
#include <penstock/base/json.hpp>
#include <penstock/cli/answer.hpp>

#include <string>
#include <vector>

namespace penstock::cli {

struct Converted {
  OrderedJson scaler;                 // as it would be applied; null when something was refused
  std::vector<std::string> notes;     // what is done in another way, or is no longer needed
  std::vector<std::string> refusals;  // what has no counterpart, with what to do
};

// platform: the name of the EventPlatform in the ScaledObject's namespace.
Converted convert(const Json& scaled_object, const std::string& platform);

}  // namespace penstock::cli
