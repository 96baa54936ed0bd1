// The brain of one platform: what must be read for its ConsumerScalers, and from one sample a decision for each of
// them. Remembers what lag and decision need of the past. No I/O and no clock; one thread.
#pragma once
#include <penstock/kafka/offset_reader.hpp>
#include <penstock/scaler/snapshot.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace penstock::scaler {

// A ConsumerScaler as it is to be decided on.
struct Subject {
  std::shared_ptr<const api::ConsumerScaler> scaler;
  std::optional<int> hpa_desired;
  std::string refusal;     // why its platform may not be read for it; empty when it may
  bool unsettled = false;  // brokers of its platform are not ready
};

struct EngineOptions {
  bool by_partition = false;  // entries have the lag of each partition
  // The last steps to a precise delay are asked for now and then, not in every tick.
  bool patient = true;
};

class Engine {
 public:
  explicit Engine(EngineOptions options = {}) : options_(options) {}

  // What to read for these: a group once, with the topics and ends of all who name it; nothing for the refused. Made
  // anew only when they ask for something else than at the last call. Its probes ask what the last tick left open, its
  // doubtful topics are what that tick found doubtful.
  const kafka::SamplePlan& plan(const std::vector<Subject>& subjects);
  // One decision for each subject, in order: the entry of the tick before where it would say the same again, numbers
  // included. No sample: nothing was read. What is remembered of others is forgotten.
  std::vector<std::shared_ptr<Entry>> tick(const std::vector<Subject>& subjects, const Result<kafka::Sample>* sample,
                                           SteadyTime now, WallTime wall);

 private:
  // What a subject asks to be read.
  struct Wish {
    std::string group;
    std::vector<std::string> topics;  // by name; empty: those that the group has committed to
    bool stable_ends = false;
    bool operator==(const Wish&) const = default;
  };
  // One topic, while it is in samples.
  struct Topic {
    scaling::EndHistory ends, stable_ends;
    const Result<kafka::TopicSample>* sample = nullptr;  // of this tick
  };
  // Of one object's life.
  struct Past {
    std::shared_ptr<const api::ConsumerScaler> scaler;
    Wish wish;
    std::vector<Topic*> topics;  // of the wish, as they were found in this edition of topics_; nullptr: not there
    std::uint64_t edition = 0;
    bool refused = false;
    scaling::GroupPast group;
    scaling::Memory memory;
    std::shared_ptr<LiveComparison> comparison;  // in mode Observe
    std::shared_ptr<Entry> entry;                // of the tick before
    bool is_new = true;                          // to be told what status knows
  };
  // Aligns pasts_ with the subjects; true: they ask for something else now.
  bool follow(const std::vector<Subject>& subjects);
  static bool follow(Past& past, const Subject& subject);
  void make_plan();
  void observe(const kafka::Sample& sample);
  void learn(const kafka::Sample& sample);
  void ask(const kafka::Sample& sample);
  void add_input(const kafka::Sample& sample, Past& past, scaling::GroupInput& input);
  void add_topic(const std::string& name, Topic* topic, const kafka::GroupSample& group, bool stable_ends);
  Topic* find_topic(const std::string& name);
  void decide(const Subject& subject, Past& past, const Result<kafka::Sample>* sample, SteadyTime now, WallTime wall);
  static void compare(Past& past, const scaling::Lag& lag, const scaling::GroupState& group,
                      const scaling::Workload& workload, SteadyTime now, WallTime wall);
  std::shared_ptr<Entry> make_entry(const api::ConsumerScaler& scaler, scaling::Lag lag, scaling::Decision decision,
                                    const scaling::GroupState& group, std::optional<WallTime> last_active) const;

  const EngineOptions options_;
  std::shared_ptr<Beat> beat_ = std::make_shared<Beat>();
  std::vector<std::unique_ptr<Past>> pasts_;  // in the subjects' order
  kafka::SamplePlan plan_;
  std::unordered_map<std::string, Topic> topics_;
  std::uint64_t edition_ = 1;                      // of topics_: another one whenever some came or went
  std::vector<scaling::TopicInput> input_topics_;  // of the subject at hand
  std::vector<scaling::OpenAge> open_ages_;        // of this tick
  std::optional<SteadyTime> asked_;                // when probes were last planned
};

}  // namespace penstock::scaler
