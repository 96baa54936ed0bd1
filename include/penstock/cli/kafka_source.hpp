// Lag straight from Kafka: one reader, and the scaler's own engine on what it reads, so that both tell the same
// numbers.
#pragma once
#include <penstock/cli/group_report.hpp>
#include <penstock/kafka/group_lister.hpp>
#include <penstock/kafka/offset_reader.hpp>
#include <penstock/scaler/engine.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock::cli {

struct KafkaWish {
  std::vector<std::string> groups{};  // empty: all that may be seen
  std::vector<std::string> topics{};  // empty: all
  bool read_committed = false;
  api::OffsetReset offset_reset = api::OffsetReset::kLatest;
  Duration timeout = 10s;  // of each look at the cluster
};

class KafkaSource final : public Source {
 public:
  // The clock outlives it. The lister is asked only when no group is named.
  KafkaSource(std::unique_ptr<kafka::OffsetReader> reader, std::unique_ptr<kafka::GroupLister> lister, KafkaWish wish,
              GroupView view, const Clock& clock);

  // The first time it looks more than once, for a while: delays are found in steps, and what is only pending may be
  // known a moment later. After that it looks once.
  Result<Answer> read(std::stop_token stop) override;
  Result<GroupReport> report(const std::stop_token& stop);

 private:
  Result<void> choose_groups(const std::stop_token& stop);
  Result<GroupReport> look(const std::stop_token& stop);
  scaler::Subject subject_of(const std::string& group) const;

  const std::unique_ptr<kafka::OffsetReader> reader_;
  const std::unique_ptr<kafka::GroupLister> lister_;
  const KafkaWish wish_;
  const GroupView view_;
  const Clock& clock_;
  scaler::Engine engine_{{.by_partition = true, .patient = false}};
  std::vector<scaler::Subject> subjects_;
  std::optional<SteadyTime> chosen_;
  std::vector<std::string> missing_;  // brokers whose groups are unknown
  bool pending_ = false;              // what could not be read the last time may be known soon
  bool settled_ = false;
};

}  // namespace penstock::cli
