// The load of a consumer group as it arrives, to be recorded: from Kafka or from what penstock-scaler tells.
#pragma once
#include <penstock/api/consumer_scaler.hpp>
#include <penstock/cli/answer.hpp>
#include <penstock/cli/console.hpp>
#include <penstock/kafka/offset_reader.hpp>
#include <penstock/simulation/recording.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock::cli {

// Records that have arrived since the first look that succeeded.
struct Arrived {
  SteadyTime at{};
  double records = 0;
};

class LoadSource {
 public:
  virtual ~LoadSource() = default;
  virtual Result<Arrived> look(const std::stop_token& stop) = 0;
};

// By the ends of the group's topics: exact, but for the markers of transactions, which are counted as well.
class KafkaLoad final : public LoadSource {
 public:
  // timeout: of a look.
  KafkaLoad(std::unique_ptr<kafka::OffsetReader> reader, const api::ConsumerScalerSpec& spec, Duration timeout);
  Result<Arrived> look(const std::stop_token& stop) override;

 private:
  using Ends = std::map<std::string, std::vector<std::int64_t>>;
  Result<Ends> ends_in(const kafka::Sample& sample) const;

  const std::unique_ptr<kafka::OffsetReader> reader_;
  const Duration timeout_;
  kafka::SamplePlan plan_;
  bool stable_ = false;  // up to the last stable offsets
  Ends ends_;            // of the last look
  double records_ = 0;
};

// By the arrival rate of one ConsumerScaler, which is smoothed.
class FeedLoad final : public LoadSource {
 public:
  // The source tells the scaler's decisions; the clock outlives this.
  FeedLoad(std::unique_ptr<Source> decisions, const Clock& clock) : decisions_(std::move(decisions)), clock_(clock) {}
  Result<Arrived> look(const std::stop_token& stop) override;

 private:
  const std::unique_ptr<Source> decisions_;
  const Clock& clock_;
  std::optional<Arrived> last_;
};

// Looks once a second for that time, or until the stop. What could not be seen now and then is said and bridged; an
// error when there is nothing at all.
Result<simulation::Recording> record(LoadSource& source, Duration length, Console& console, const Clock& clock,
                                     const std::stop_token& stop);

}  // namespace penstock::cli
