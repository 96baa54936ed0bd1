// One librdkafka instance: its settings, its logs, and what it last complained about.
#pragma once
#include "errors.hpp"

#include <penstock/kafka/types.hpp>

#include <map>
#include <memory>
#include <mutex>

namespace penstock::kafka {

template <auto Destroy>
struct Destroyer {
  template <class T>
  void operator()(T* object) const {
    Destroy(object);
  }
};
template <class T, auto Destroy>
using Owned = std::unique_ptr<T, Destroyer<Destroy>>;

using Event = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using Queue = Owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using Options = Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using PartitionList = Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

// Any thread.
class Handle {
 public:
  static Result<std::unique_ptr<Handle>> open(const Connection& connection, const std::string& client_id);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  rd_kafka_t* get() const { return rk_; }
  const std::string& bootstrap() const { return bootstrap_; }

  // Serves librdkafka's complaints; never blocks.
  void listen();
  // A broker answered: what was complained about before is over.
  void answered();
  // A failed request's error; a silence is explained by the last complaint about connections, if there was one since
  // the last answer.
  Error explain(rd_kafka_resp_err_t error, const char* words);
  // For a wait that began at `since`: set when it is no use any more, because the login was refused meanwhile, or no
  // broker can be reached for a while.
  std::optional<Error> hopeless(SteadyTime since) const;

 private:
  explicit Handle(std::string bootstrap) : bootstrap_(std::move(bootstrap)) {}
  void pace(const std::string& address);
  void complained(rd_kafka_resp_err_t error, const char* words);
  Error unreachable() const;  // under mutex_, with a complaint

  std::string bootstrap_;
  rd_kafka_t* rk_ = nullptr;
  mutable std::mutex mutex_;
  rd_kafka_resp_err_t complaint_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string complaint_words_;
  SteadyTime complained_at_{};
  std::optional<SteadyTime> all_down_since_;
  std::map<std::string, SteadyTime> last_connect_;  // by address
};

}  // namespace penstock::kafka
