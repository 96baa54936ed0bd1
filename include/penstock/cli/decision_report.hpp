// How the scaler's decisions are shown. Pure.
#pragma once
#include <penstock/cli/answer.hpp>
#include <penstock/v1/decision_feed.pb.h>

#include <vector>

namespace penstock::cli {

struct DecisionView {
  bool namespaces = false;  // a column for them
  Sort sort = Sort::kLag;
};

// By namespace and name.
Answer answer_of(const std::vector<v1::Decision>& decisions, const DecisionView& view);

}  // namespace penstock::cli
