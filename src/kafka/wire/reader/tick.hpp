// One read of the offset reader, in three rounds: where everything is; what the groups have committed; where the logs
// end. Ends are asked for after the commits that they are compared with came in: in the other order a group that is
// quick would seem to be ahead of the log. What turns out to be asked of the wrong broker is looked up and asked once
// more at once.
#pragma once
#include "../messages/find_coordinator.hpp"
#include "../messages/list_offsets.hpp"
#include "../messages/metadata.hpp"
#include "../messages/offset_fetch.hpp"
#include "../messages/share_groups.hpp"
#include "asks.hpp"
#include "group_book.hpp"
#include "topic_cache.hpp"

#include <span>

namespace penstock::kafka::wire {

class Tick {
 public:
  struct Memory {
    TopicCache topics;
    GroupBook groups;
    std::set<int> brokers;  // those of the last Metadata
    std::uint64_t ticks = 0;
  };

  Tick(boost::asio::io_context& io, Client& client, Memory& memory, const SamplePlan& plan, const Clock& clock,
       Duration timeout, std::stop_token stop);
  Tick(const Tick&) = delete;
  Tick& operator=(const Tick&) = delete;

  Result<Sample> run();

 private:
  // A group of the plan, what is remembered of it, and what this tick finds out.
  struct Group {
    const SamplePlan::Group& plan;
    KnownGroup& known;
    GroupSample& sample;
    std::span<CachedTopic* const> topics;  // of the plan, in its order
  };
  using Groups = std::vector<const Group*>;
  // A topic that some group wants ends of.
  struct Topic {
    CachedTopic* cached = nullptr;
    bool end = false, stable_end = false;
    TopicSample* sample = nullptr;  // null: it can't be read
  };
  enum class Edge { kEnd, kStableEnd, kStart };
  struct Place {
    Edge edge;
    Topic* topic;
    int partition;
  };

  void gather_groups();
  void want(const SamplePlan::Group& group, CachedTopic& topic);
  Topic* find_topic(const std::string& name);  // null: nobody wants it
  void look_around();
  void look_up(const std::vector<std::string>& topics);
  void looked_up(const std::vector<std::string>& asked, Result<MetadataResponse> answer);
  // Connects to brokers that we have no connection to: what may be asked of a broker depends on its versions.
  void greet();
  void list_groups();
  void listed_groups(const Result<ListGroupsResponse>& answer);
  void find_coordinators(const Groups& groups);
  void found_coordinators(const Groups& asked, Result<FindCoordinatorResponse> answer);

  void read_commits(const Groups& groups);
  void fetch_offsets(int broker, const Groups& groups, bool stable);
  std::optional<std::vector<OffsetFetchRequest::Topic>> topics_of(const Group& group);
  void fetched(const Groups& asked, Result<OffsetFetchResponse> answer);
  void describe_share_offsets(int broker, const Groups& groups);
  void share_offsets(const Groups& asked, Result<DescribeShareGroupOffsetsResponse> answer);
  // Somebody knows of this partition.
  void mention(const std::string& topic, int partition);
  void commits_failed(const Group& group, const Error& error, bool moved);
  template <class Answer, class Read>
  void take_commits(const Group& group, const std::vector<Answer>& topics, std::string Answer::* name, Read read);

  void describe(const Groups& groups);
  template <class Request>
  void describe_with(int broker, Request request, Groups groups);

  // Topics that no plan names, now that commits tell them; and those that are doubted since.
  void look_again();
  // Commits to partitions that were not known of when they were asked for; before: partitions of topics that were
  // looked up since.
  void read_commits_of_grown(const std::map<const CachedTopic*, std::size_t>& before);
  void read_ends();
  void add_places(Topic& topic, std::vector<Place>& places);
  void read_places(std::vector<Place> places);
  void ask_offsets(int leader, Edge edge, std::vector<Place> places);
  void took(Edge edge, const std::vector<Place>& asked, const Result<ListOffsetsResponse>& answer);
  void found(const Place& place, std::int64_t offset);
  void missed(const Place& place, const Reading& why, bool moved);
  void read_probes();
  void answer_probes(const std::vector<const Probe*>& asked, Result<ListOffsetsResponse> answer);
  static Reading* slot(const Place& place);  // null for a start, and for what is not there any more

  void succeeded() { any_answer_ = true; }
  void failed(const Error& error);
  void apply_share_lags();
  Result<Sample> build();

  Client& client_;
  Memory& memory_;
  const SamplePlan& plan_;
  const Clock& clock_;
  const SteadyTime now_, commits_by_, end_;
  Asks asks_;
  Sample sample_;
  std::vector<Group> groups_;
  std::vector<CachedTopic*> planned_;  // topics of all groups, one group after the other
  std::vector<Topic> topics_;          // each once
  Groups moved_;                       // groups whose commits were asked of the wrong broker
  std::vector<Place> missed_;          // partitions that were
  std::set<Topic*> cut_;               // topics of which a log ends earlier than it did
  // What brokers say of a share group's lag themselves (KIP-1226): they know what is done with beyond its start.
  struct ShareLag {
    const Group* group;
    std::string topic;
    std::size_t partition;
    std::int64_t lag;
  };
  std::vector<ShareLag> share_lags_;
  bool any_answer_ = false;
  std::optional<Error> first_failure_;
};

}  // namespace penstock::kafka::wire
