// librdkafka's mock cluster, with a producer and a way to commit: brokers that answer Metadata, ListOffsets,
// OffsetFetch and FindCoordinator, and misbehave on demand. They know no admin request, so groups can't be described or
// listed.
#pragma once
#include <doctest/doctest.h>
#include <librdkafka/rdkafka.h>
// rdkafka.h must come first
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <librdkafka/rdkafka_mock.h>

namespace penstock::kafka::test {

inline constexpr std::int16_t kListOffsets = 2;
inline constexpr std::int16_t kOffsetFetch = 9;

class MockKafka {
 public:
  explicit MockKafka(int brokers)
      : client_(open(RD_KAFKA_PRODUCER, {})), cluster_(rd_kafka_mock_cluster_new(client_.get(), brokers)) {
    REQUIRE(cluster_);
    bootstrap_ = rd_kafka_mock_cluster_bootstraps(cluster_.get());
    producer_ = open(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap_}});
  }

  const std::string& bootstrap() const { return bootstrap_; }
  rd_kafka_mock_cluster_t* get() const { return cluster_.get(); }

  // Partition p is led by broker leaders[p].
  void create_topic(const std::string& topic, const std::vector<int>& leaders) {
    REQUIRE(rd_kafka_mock_topic_create(get(), topic.c_str(), static_cast<int>(leaders.size()), 1) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
    for (std::size_t p = 0; p < leaders.size(); ++p) {
      rd_kafka_mock_partition_set_follower(get(), topic.c_str(), static_cast<int>(p), leaders[p]);
      rd_kafka_mock_partition_set_leader(get(), topic.c_str(), static_cast<int>(p), leaders[p]);
    }
  }

  void produce(const std::string& topic, int partition, int records) {
    char text[] = "record";
    for (int i = 0; i < records; ++i)
      REQUIRE(rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                                RD_KAFKA_V_VALUE(text, sizeof text), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);
    REQUIRE(rd_kafka_flush(producer_.get(), 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  void coordinate(const std::string& group, int broker) {
    REQUIRE(rd_kafka_mock_coordinator_set(get(), "group", group.c_str(), broker) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }

 private:
  struct Close {
    void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
    void operator()(rd_kafka_mock_cluster_t* cluster) const { rd_kafka_mock_cluster_destroy(cluster); }
  };
  using Client = std::unique_ptr<rd_kafka_t, Close>;

  static Client open(rd_kafka_type_t type, const std::map<std::string, std::string>& settings) {
    auto* config = rd_kafka_conf_new();
    char words[256];
    for (const auto& [name, value] : settings)
      REQUIRE(rd_kafka_conf_set(config, name.c_str(), value.c_str(), words, sizeof words) == RD_KAFKA_CONF_OK);
    rd_kafka_conf_set_log_cb(config, nullptr);
    Client client(rd_kafka_new(type, config, words, sizeof words));
    REQUIRE(client);
    return client;
  }

  Client client_;
  std::unique_ptr<rd_kafka_mock_cluster_t, Close> cluster_;
  std::string bootstrap_;
  Client producer_;
};

}  // namespace penstock::kafka::test
