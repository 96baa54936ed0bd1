#include "../../connection.hpp"
#include "tick.hpp"

namespace penstock::kafka {
namespace {

class WireOffsetReader final : public OffsetReader {
 public:
  WireOffsetReader(const Connection& connection, const std::string& client_id, const Clock& clock)
      : clock_(clock), client_(io_, connection, client_id, clock) {}

  Result<Sample> read(const SamplePlan& plan, Duration timeout, std::stop_token stop) override {
    // Without a group there is nobody to ask for.
    if (plan.groups.empty()) {
      Sample nothing;
      nothing.taken = clock_.now();
      nothing.wall = clock_.wall();
      return nothing;
    }
    auto sample = wire::Tick(io_, client_, memory_, plan, clock_, timeout, stop).run();
    if (stop.stop_requested()) return fail(Code::kCancelled, "stopping", Retry::never());
    return sample;
  }

  Traffic traffic() const override { return client_.traffic(); }

 private:
  const Clock& clock_;
  boost::asio::io_context io_{1};
  wire::Client client_;
  wire::Tick::Memory memory_;
};

}  // namespace

Result<std::unique_ptr<OffsetReader>> open_offset_reader(const Connection& connection, const std::string& client_id,
                                                         const Clock& clock) {
  if (auto valid = check(connection); !valid) return std::unexpected(valid.error());
  return std::make_unique<WireOffsetReader>(connection, client_id, clock);
}

}  // namespace penstock::kafka
