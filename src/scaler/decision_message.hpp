// A decision as the feed sends it.
#pragma once
#include <penstock/scaler/snapshot.hpp>
#include <penstock/v1/decision_feed.pb.h>

namespace penstock::scaler {

void fill(const Entry& entry, v1::Decision& message);

}  // namespace penstock::scaler
