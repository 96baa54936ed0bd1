// One read of the offset reader. Everything goes out at once, but an end is asked for after the commits that are
// compared with it came in: in the other order a group that is quick would seem to be ahead of the log.
#pragma once
#include "group_cache.hpp"
#include "offsets.hpp"
#include "topic_cache.hpp"

namespace penstock::kafka {

class Tick {
 public:
  Tick(Handle& handle, TopicCache& topics, GroupCache& groups, const SamplePlan& plan, const Clock& clock,
       Duration timeout, std::stop_token stop);
  Tick(const Tick&) = delete;
  Tick& operator=(const Tick&) = delete;

  Result<Sample> run();

 private:
  struct Group {
    const SamplePlan::Group* plan;
    Result<Commits> commits = std::unexpected(Error{Code::kUnavailable, "not read", Retry::later()});
    bool answered = false;
  };
  struct Topic {
    bool looking_up = false;
    std::set<Edge> wanted;                                   // once it is looked up
    std::map<Edge, std::vector<Result<std::int64_t>>> ends;  // by partition
  };

  void ask_commits();
  void ask_descriptions();
  void look_up(const std::set<std::string>& topics);
  void looked_up(const std::vector<std::string>& asked, const Result<const rd_kafka_event_t*>& answer);
  std::set<std::string> topics_of(const Group& group);
  // The ends of these groups' topics; of topics that are not known yet, as soon as they are.
  void want_ends(const std::vector<Group*>& groups);
  void ask_ends(const std::map<std::string, std::set<Edge>>& topics);
  void ask_starts(const std::set<std::string>& topics);
  void took(Edge edge, std::vector<OffsetOf> offsets);
  void failed(const Error& error);

  Result<Sample> build();
  Result<TopicSample> build(const std::string& topic, Sample& sample);
  GroupSample build(const Group& group, Sample& sample);

  Handle& handle_;
  TopicCache& known_;
  GroupCache& known_groups_;
  const Clock& clock_;
  SteadyTime now_, taken_;
  WallTime wall_;
  std::stop_token stop_;
  Batch batch_;
  std::vector<Group> groups_;
  std::map<std::string, Topic> topics_;
  std::size_t commits_missing_ = 0, lookups_missing_ = 0;
  bool ends_wanted_ = false;
  bool any_answer_ = false;
  std::optional<Error> first_failure_;
};

}  // namespace penstock::kafka
