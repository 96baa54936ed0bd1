// The brain of one platform: from one sample to a decision for each of its ConsumerScalers, remembering what lag and
// decision need of the past. No I/O and no clock; one thread.
#pragma once
#include <penstock/kafka/offset_reader.hpp>
#include <penstock/scaler/snapshot.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::scaler {

// A ConsumerScaler as it is to be decided on.
struct Subject {
  std::shared_ptr<const api::ConsumerScaler> scaler;
  std::optional<int> hpa_desired;
  std::string refusal;  // why its platform may not be read for it; empty when it may
};

// What one read can't ask for at once, because its answer is by group: a group is in a round once, with the topics of
// all who name it.
struct Round {
  kafka::SamplePlan plan;
  std::vector<std::size_t> subjects;  // by their place in the list
};
std::vector<Round> plan_rounds(const std::vector<Subject>& subjects);

// The part of a group's sample that one ConsumerScaler asked for. The error of a read that failed as a whole is every
// topic's.
scaling::GroupInput input_of(const Result<kafka::Sample>& sample, const api::ConsumerScalerSpec& spec, SteadyTime now);

class Engine {
 public:
  // One decision for each subject, in order; samples by subject, nullptr where nothing was read. What is remembered of
  // others is forgotten.
  std::vector<std::shared_ptr<Entry>> tick(const std::vector<Subject>& subjects,
                                           const std::vector<const Result<kafka::Sample>*>& samples, SteadyTime now,
                                           WallTime wall);

 private:
  // Of one object's life.
  struct Past {
    std::string uid;
    // What the history is of.
    std::string group_id;
    std::vector<std::string> topics;
    bool read_committed = false;
    scaling::History history;
    scaling::Memory memory;
    std::uint64_t tick = 0;
  };
  Past& past_of(const api::ConsumerScaler& scaler, SteadyTime now, WallTime wall);
  std::shared_ptr<Entry> decide(const Subject& subject, const Result<kafka::Sample>* sample, SteadyTime now,
                                WallTime wall);

  std::map<k8s::ObjectKey, Past> pasts_;
  std::uint64_t tick_ = 0;
};

}  // namespace penstock::scaler
