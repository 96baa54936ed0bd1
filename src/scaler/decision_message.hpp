// Decisions, and what is compared with them, as the feed sends them.
#pragma once
#include <penstock/scaler/snapshot.hpp>
#include <penstock/v1/decision_feed.pb.h>

namespace penstock::scaler {

void fill(const Entry& entry, v1::Decision& message);
void fill(const Entry& entry, const scaling::Compared& compared, v1::Comparison& message);

}  // namespace penstock::scaler
