// How what the scaler has compared is shown. Pure.
#pragma once
#include <penstock/cli/answer.hpp>
#include <penstock/v1/decision_feed.pb.h>

namespace penstock::cli {

// The two side by side, then a line for each difference, then what this can't tell.
Answer answer_of(const v1::Comparison& comparison);

}  // namespace penstock::cli
