#include <penstock/base/backoff.hpp>

#include <algorithm>

namespace penstock {

Backoff::Backoff(Duration first, Duration longest, std::uint64_t seed)
    : first_(first), longest_(longest), current_(first), random_(seed) {}

Duration Backoff::next() {
  const Duration base = current_;
  current_ = std::min(current_ * 2, longest_);
  return Duration{std::uniform_int_distribution<Duration::rep>(base.count() / 2, base.count())(random_)};
}

}  // namespace penstock
