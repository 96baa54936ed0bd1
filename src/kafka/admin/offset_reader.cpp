#include "tick.hpp"

#include <penstock/kafka/offset_reader.hpp>

namespace penstock::kafka {
namespace {

// A tick is a second: a broker that took a request and stays silent for two ticks is dropped, and so is one that can't
// finish its handshakes in three. Until then only its own partitions and groups are without an answer.
constexpr Patience kSilence{.request = 2s, .connect = 3s, .memory = 5s};
// Where librdkafka must forget topics before it looks at them again, each tick begins with a look at all of them and
// the memory is shorter than a tick; else as long as we may look for a partition in the wrong place.
constexpr Duration kShortMemory = 700ms;

Duration topic_refresh() {
  return forgets_topics_safely() ? Duration{5s} : Duration{0};
}

Patience patience() {
  Patience patience = kSilence;
  if (!forgets_topics_safely()) patience.memory = kShortMemory;
  return patience;
}

// A handle costs new connections and logins; coordinators move one after the other while brokers are rolled.
constexpr Duration kBetweenHandles = 2s;
// Requests that are left behind while a coordinator is away add up, and are all sent when it is back.
constexpr Duration kAbandonedFor = 20s;

class AdminOffsetReader final : public OffsetReader {
 public:
  AdminOffsetReader(Connection connection, std::string client_id, const Clock& clock, std::unique_ptr<Handle> handle)
      : connection_(std::move(connection)),
        client_id_(std::move(client_id)),
        clock_(clock),
        handle_(std::move(handle)) {}

  Result<Sample> read(const SamplePlan& plan, Duration timeout, std::stop_token stop) override {
    renew_handle();
    return Tick(*handle_, topics_, groups_, plan, clock_, timeout, std::move(stop)).run();
  }

 private:
  void renew_handle() {
    const SteadyTime now = SystemClock{}.now();
    const auto abandoned = handle_->abandoned_since();
    if (!handle_->coordinator_moved() && !(abandoned && now - *abandoned >= kAbandonedFor)) return;
    if (renewed_ && now - *renewed_ < kBetweenHandles) return;
    renewed_ = now;
    if (auto handle = Handle::open(connection_, client_id_, patience())) handle_ = std::move(*handle);
  }

  Connection connection_;
  std::string client_id_;
  const Clock& clock_;
  std::unique_ptr<Handle> handle_;
  std::optional<SteadyTime> renewed_;
  TopicCache topics_{topic_refresh()};
  GroupCache groups_;
};

}  // namespace

Result<std::unique_ptr<OffsetReader>> open_offset_reader(const Connection& connection, const std::string& client_id,
                                                         const Clock& clock) {
  auto handle = Handle::open(connection, client_id, patience());
  if (!handle) return std::unexpected(handle.error());
  return std::make_unique<AdminOffsetReader>(connection, client_id, clock, std::move(*handle));
}

}  // namespace penstock::kafka
