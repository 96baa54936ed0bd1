// Exponential back-off with jitter. One object per thing that is retried; not thread-safe.
#pragma once
#include <penstock/base/time.hpp>

#include <cstdint>
#include <random>

namespace penstock {

class Backoff {
 public:
  Backoff(Duration first, Duration longest, std::uint64_t seed = std::random_device{}());
  // The next wait: uniform in [d/2, d], where d doubles with each call up to the longest.
  Duration next();
  void reset() { current_ = first_; }

 private:
  Duration first_, longest_, current_;
  std::mt19937_64 random_;
};

}  // namespace penstock
