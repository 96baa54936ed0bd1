// Samples and readers, written by hand.
#pragma once
#include <penstock/kafka/group_lister.hpp>
#include <penstock/kafka/offset_reader.hpp>

#include <deque>

namespace penstock::cli::testing {

inline std::vector<Reading> readings(const std::vector<std::int64_t>& values) {
  std::vector<Reading> all;
  for (const std::int64_t value : values) all.push_back(Reading::of(value));
  return all;
}

struct SampleOf {
  kafka::Sample sample;

  explicit SampleOf(const Clock& clock) {
    sample.taken = clock.now();
    sample.wall = clock.wall();
  }
  SampleOf&& topic(const std::string& name, const std::vector<std::int64_t>& ends) {
    kafka::TopicSample topic;
    topic.ends = readings(ends);
    topic.starts.assign(ends.size(), Reading::of(0));
    sample.topics.insert_or_assign(name, std::move(topic));
    return std::move(*this);
  }
  // -1: no commit.
  SampleOf&& commits(const std::string& group, const std::string& topic, const std::vector<std::int64_t>& offsets) {
    kafka::GroupSample& its = known(group);
    its.committed[topic] = readings(offsets);
    return std::move(*this);
  }
  SampleOf&& state(const std::string& group, kafka::GroupInfo info) {
    known(group).info = std::move(info);
    return std::move(*this);
  }
  SampleOf&& lost_end(const std::string& topic, std::size_t partition, const std::string& why) {
    sample.topics.at(topic)->ends[partition] = sample.fail({Code::kUnavailable, why, Retry::later()});
    return std::move(*this);
  }
  SampleOf&& lost_topic(const std::string& topic, const Error& why) {
    sample.topics.insert_or_assign(topic, std::unexpected(why));
    return std::move(*this);
  }
  SampleOf&& lost_group(const std::string& group, const Error& why) {
    sample.groups[group].commits = std::unexpected(why);
    return std::move(*this);
  }
  Result<kafka::Sample> take() { return std::move(sample); }

 private:
  kafka::GroupSample& known(const std::string& group) {
    kafka::GroupSample& its = sample.groups[group];
    if (!its.commits) its.commits = {};
    if (!its.info) its.info = kafka::GroupInfo{"Classic", "Empty", "", 0, nullptr};
    return its;
  }
};

inline kafka::GroupInfo stable(kafka::Assignment assigned, int members = 1) {
  return {"Consumer", "Stable", "uniform", members, std::make_shared<const kafka::Assignment>(std::move(assigned))};
}

// Answers from what a test makes of the plan.
class ScriptedReader final : public kafka::OffsetReader {
 public:
  std::function<Result<kafka::Sample>(const kafka::SamplePlan&)> answer;
  int reads = 0;

  Result<kafka::Sample> read(const kafka::SamplePlan& plan, Duration, std::stop_token) override {
    ++reads;
    return answer(plan);
  }
  kafka::Traffic traffic() const override { return {}; }
};

class ScriptedLister final : public kafka::GroupLister {
 public:
  Result<kafka::ListedGroups> answer = kafka::ListedGroups{};

  Result<kafka::ListedGroups> list(Duration, std::stop_token) override { return answer; }
};

}  // namespace penstock::cli::testing
