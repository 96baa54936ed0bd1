// The scaler's own metrics. Any thread.
#pragma once
#include <penstock/base/metrics.hpp>
#include <penstock/base/time.hpp>
#include <penstock/kafka/traffic.hpp>
#include <penstock/scaler/snapshot.hpp>

#include <map>
#include <memory>
#include <string>

namespace penstock::scaler {

// How many topics, and partitions where entries have them, get series. An object's are all there or all left out.
struct SeriesLimits {
  // With a series for lag, delay and two rates each: as much as a Prometheus takes from one target without complaint.
  std::size_t topics = 50'000;
  std::size_t partitions = 10'000;
};

// A text with the series of all ConsumerScalers in the format of Prometheus. What is unknown has no series.
std::string expose(const Snapshot& snapshot, const SeriesLimits& limits);
// The same for what platforms have been asked, by their names.
std::string expose(const std::map<std::string, kafka::Traffic>& traffic);

class Meters {
 public:
  // The board outlives it; its snapshot is written into each scrape.
  explicit Meters(const Board& board);
  ~Meters();

  void ticked(const std::string& platform, Duration took);
  void sampled(const std::string& platform, SteadyTime taken, SteadyTime now);
  void failed(const std::string& platform, const Error& error);
  // What one reader has done so far, and what of it was told before.
  void asked(const std::string& platform, const kafka::Traffic& so_far, const kafka::Traffic& told);
  void platform_gone(const std::string& platform);

 private:
  struct State;
  std::unique_ptr<State> state_;
  metrics::Source scalers_, traffic_;
};

}  // namespace penstock::scaler
