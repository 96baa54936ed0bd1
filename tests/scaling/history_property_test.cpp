#include <penstock/scaling/probes.hpp>

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaling;

namespace {

const SteadyTime kBegin{24h};
// Wall and steady time of the same moment differ by this.
constexpr Duration kOffset = std::chrono::hours{400'000};

WallTime wall_at(SteadyTime time) {
  return WallTime{time.time_since_epoch() + kOffset};
}

// A partition whose every record's arrival is known to the test alone.
class Truth {
 public:
  explicit Truth(unsigned seed) : random_(seed) {
    SteadyTime at = kBegin - std::chrono::hours{number(0, 20)};
    while (at < kBegin && arrivals_.size() < 5000) {
      arrivals_.push_back(at);
      at += number(0, 60'000) * 1ms;
    }
  }
  std::int64_t number(std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
  }
  bool chance(double of) { return std::bernoulli_distribution(of)(random_); }
  void produce_between(SteadyTime from, SteadyTime to) {
    const bool busy = chance(0.7);
    for (std::int64_t n = busy ? number(0, 20) : 0; n > 0; --n)
      arrivals_.push_back(from + number(1, (to - from).count()) * 1ms);
    std::sort(arrivals_.end() - std::min<std::ptrdiff_t>(20, std::ssize(arrivals_)), arrivals_.end());
  }
  std::int64_t end() const { return std::ssize(arrivals_); }
  Duration age(std::int64_t offset, SteadyTime now) const { return now - arrivals_[static_cast<std::size_t>(offset)]; }
  ProbeResult answer(WallTime time) const {
    const auto found = std::ranges::lower_bound(arrivals_, time, {}, wall_at);
    if (found == arrivals_.end()) return {time, kNoOffset, {}};
    return {time, found - arrivals_.begin(), wall_at(*found)};
  }

 private:
  std::mt19937 random_;
  std::vector<SteadyTime> arrivals_;
};

}  // namespace

TEST_CASE("whatever comes, ages lie within their bounds, and asking makes most of them precise") {
  int precise = 0, all = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    Truth truth(seed);
    EndHistory history;
    SteadyTime now = kBegin;
    std::int64_t fast = truth.end(), slow = truth.number(0, truth.end());
    std::vector<ProbeTime> asked;
    for (int tick = 0; tick < 400; ++tick) {
      const SteadyTime next = now + (truth.chance(0.9) ? 1000 : truth.number(1001, 30'000)) * 1ms;
      truth.produce_between(now, next);
      now = next;
      const bool missed = truth.chance(0.05);
      const Reading ends[] = {missed ? Reading{} : Reading::of(truth.end())};
      history.observe("a", ends, now);
      for (const auto& probe : std::exchange(asked, {})) learn(history, 0, truth.answer(probe.time), wall_at(now), now);
      REQUIRE(history.points(0) <= EndHistory::kMaxPoints);
      if (missed) continue;
      fast = truth.number(fast, truth.end());
      if (truth.chance(0.1)) slow = truth.number(slow, std::min(slow + 50, truth.end()));
      std::vector<OpenAge> open;
      for (const std::int64_t from : {fast, slow}) {
        history.keep_from(0, from);
        const auto age = history.age_of(0, from, now);
        REQUIRE(age.has_value() == (from < truth.end()));
        if (!age) continue;
        CAPTURE(seed);
        CAPTURE(tick);
        REQUIRE(age->at_least <= truth.age(from, now));
        if (age->at_most) REQUIRE(*age->at_most >= truth.age(from, now));
        if (!age->precise()) open.push_back({"orders", 0, *age});
        if (tick > 40) {
          ++all;
          precise += age->precise() ? 1 : 0;
        }
      }
      asked = propose_probes(open, wall_at(now), 10);
    }
  }
  // Two groups share one question a tick, and some looks are half a minute apart.
  CHECK(precise > all * 3 / 4);
}
