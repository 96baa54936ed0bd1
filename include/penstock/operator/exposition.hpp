// The metrics of the three resources, written from what the watches brought when somebody scrapes.
#pragma once
#include <penstock/operator/sources.hpp>

#include <string>

namespace penstock::op {

// Appends families in Prometheus' text format. Any thread.
void expose(const Stores& stores, std::string& text);

}  // namespace penstock::op
