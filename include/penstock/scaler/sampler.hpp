// The ticks: one thread for each platform that may be read, one for the ConsumerScalers that have none. A platform that
// hangs or fails delays nobody but its own.
#pragma once
#include <penstock/scaler/snapshot.hpp>
#include <penstock/scaler/world.hpp>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace penstock::scaler {

class Meters;

using OpenReader = std::function<Result<std::unique_ptr<kafka::OffsetReader>>(const kafka::Connection&)>;

struct SamplerOptions {
  Duration tick = 1s;
  // A read gets this long; its answers are late then, but of one platform only.
  Duration read_timeout = 3s;
  bool by_partition = false;  // the lag of each partition is wanted as well
};

// One platform's reader and brain.
class Sampler {
 public:
  Sampler(k8s::ObjectKey platform, const World& world, Board& board, OpenReader open, Meters& meters,
          const Clock& clock, SamplerOptions options);
  // Reads, decides, publishes: once.
  void tick(const std::stop_token& stop);

 private:
  // Unset after an error, which is then every subject's.
  Result<void> ensure_reader();

  const k8s::ObjectKey platform_;
  const World& world_;
  Board& board_;
  const OpenReader open_;
  Meters& meters_;
  const Clock& clock_;
  const SamplerOptions options_;
  Engine engine_;
  kafka::Connection connection_;
  std::unique_ptr<kafka::OffsetReader> reader_;
  kafka::Traffic told_;  // to the meters, of this reader
};

class Samplers {
 public:
  Samplers(World& world, Board& board, OpenReader open, Meters& meters, const Clock& clock, SamplerOptions options);
  // Starts and stops platforms' threads as views come and go; returns at the stop, with all of them joined.
  void run(const std::stop_token& stop);

 private:
  void without_platform(const std::stop_token& stop);

  World& world_;
  Board& board_;
  const OpenReader open_;
  Meters& meters_;
  const Clock& clock_;
  const SamplerOptions options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool look_ = true;
};

}  // namespace penstock::scaler
