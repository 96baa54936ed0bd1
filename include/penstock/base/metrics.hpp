// The process's metric registry and its text for a scrape. Any thread.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include <prometheus/registry.h>

namespace penstock::metrics {

prometheus::Registry& registry();
// The Prometheus text exposition format, version 0.0.4: of the registry, then of every source.
std::string expose();

// Metrics that are written when they are asked for, from what is known anyway, instead of being kept as well: for
// families with a series for each object. Appends whole families in the text format; no name may be in the registry.
class Source {
 public:
  using Write = std::function<void(std::string& text)>;
  explicit Source(Write write);
  ~Source();  // waits for a scrape that is under way
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

 private:
  Write write_;
};

// For a Source: the head of a family of gauges, and a label's value, which may hold anything.
void append_head(std::string& text, std::string_view name, std::string_view help);
void append_escaped(std::string& text, std::string_view value);

}  // namespace penstock::metrics
