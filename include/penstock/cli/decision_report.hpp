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

// A line for each; they come by namespace and name.
Answer answer_of(const std::vector<v1::Decision>& decisions, const DecisionView& view);

// Why each has its number: what was read, each step of the decision, what came of it.
Answer explanation_of(const std::vector<v1::Decision>& decisions);

}  // namespace penstock::cli
