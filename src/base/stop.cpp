#include <penstock/base/stop.hpp>

#include <condition_variable>
#include <mutex>

namespace penstock {

bool wait_for(std::stop_token stop, Duration time) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace penstock
