// The scaler's own metrics. Any thread.
#pragma once
#include <penstock/base/metrics.hpp>
#include <penstock/base/time.hpp>
#include <penstock/scaler/snapshot.hpp>

#include <memory>
#include <string>

namespace penstock::scaler {

// A text with the series of all ConsumerScalers, and of their topics as far as `most_topics` goes, in the format of
// Prometheus. What is unknown has no series.
std::string expose(const Snapshot& snapshot, std::size_t most_topics);

class Meters {
 public:
  // The board outlives it; its snapshot is written into each scrape.
  explicit Meters(const Board& board);
  ~Meters();

  void ticked(const std::string& platform, Duration took);
  void sampled(const std::string& platform, SteadyTime taken, SteadyTime now);
  void failed(const std::string& platform, const Error& error);
  void platform_gone(const std::string& platform);

 private:
  struct State;
  std::unique_ptr<State> state_;
  metrics::Source scalers_;
};

}  // namespace penstock::scaler
