// The process's metric registry and its text for a scrape. Any thread.
#pragma once
#include <string>

#include <prometheus/registry.h>

namespace penstock::metrics {

prometheus::Registry& registry();
// The Prometheus text exposition format, version 0.0.4.
std::string expose();

}  // namespace penstock::metrics
