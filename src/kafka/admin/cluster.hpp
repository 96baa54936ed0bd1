// The facade over librdkafka's admin calls; its parts are in the files beside it.
#pragma once
#include "batch.hpp"

#include <penstock/kafka/cluster.hpp>

#include <algorithm>
#include <span>

namespace penstock::kafka {

class AdminCluster final : public Cluster {
 public:
  AdminCluster(Connection connection, std::string client_id, std::unique_ptr<Handle> handle)
      : connection_(std::move(connection)), client_id_(std::move(client_id)), handle_(std::move(handle)) {}

  static Result<std::unique_ptr<Handle>> open(const Connection& connection, const std::string& client_id);

  Result<ClusterInfo> describe(Duration timeout) override;
  Result<PerItem<TopicInfo>> topics(const std::vector<std::string>& names, Duration timeout) override;
  Result<PerItem<void>> create_topics(const std::vector<NewTopic>& topics, Duration timeout) override;
  Result<PerItem<void>> grow_partitions(const std::map<std::string, int>& totals, Duration timeout) override;
  Result<PerItem<void>> delete_topics(const std::vector<std::string>& names, Duration timeout) override;
  Result<PerItem<std::vector<ConfigEntry>>> topic_configs(const std::vector<std::string>& topics,
                                                          Duration timeout) override;
  Result<PerItem<void>> alter_topic_configs(const std::vector<TopicConfigChange>& changes, Duration timeout) override;
  Result<void> alter_broker_config(int broker, const std::map<std::string, std::string>& set,
                                   Duration timeout) override;
  Result<ShownCertificate> shown_certificate(const std::string& host, int port, Duration timeout) override;
  Result<std::vector<AclBinding>> acls(const std::string& principal, Duration timeout) override;
  Result<PerItem<void>> create_acls(const std::vector<AclBinding>& bindings, Duration timeout) override;
  Result<PerItem<void>> delete_acls(const std::vector<AclBinding>& bindings, Duration timeout) override;
  Result<std::map<std::string, std::set<std::string>>> scram_users(Duration timeout) override;
  Result<PerItem<void>> alter_scram_users(const std::vector<ScramChange>& changes, Duration timeout) override;
  Result<std::vector<std::string>> active_groups_of(const std::string& topic, Duration timeout) override;

 private:
  Connection connection_;
  std::string client_id_;
  std::unique_ptr<Handle> handle_;
};

// librdkafka compares the items of one call with each other; chunks keep that from growing with the square.
constexpr std::size_t kItemsPerRequest = 500;

// The outcome of many items: the error of a request is the error of each of its items, and the call as a whole fails
// when all its requests did.
template <class T>
class Outcome {
 public:
  void set(std::string name, Result<T> result) {
    if (result) any_answer_ = true;
    items_.insert_or_assign(std::move(name), std::move(result));
  }
  // The item has its own answer from a broker, or was refused before it was sent.
  void refuse(std::string name, Error error) {
    any_answer_ = true;
    items_.insert_or_assign(std::move(name), std::unexpected(std::move(error)));
  }
  void request_failed(std::span<const std::string> names, const Error& error) {
    if (!first_failure_) first_failure_ = error;
    for (const std::string& name : names) items_.try_emplace(name, std::unexpected(error));
  }
  // What was asked for and never mentioned in an answer is an error, never a success.
  Result<PerItem<T>> take(std::span<const std::string> asked) {
    if (first_failure_ && !any_answer_) return std::unexpected(*first_failure_);
    for (const std::string& name : asked)
      items_.try_emplace(name, fail(Code::kUnavailable, "the broker's answer says nothing about it"));
    return std::move(items_);
  }

 private:
  PerItem<T> items_;
  std::optional<Error> first_failure_;
  bool any_answer_ = false;
};

// Names once each, without those that can't be sent (each of these gets its error).
template <class T>
std::vector<std::string> sendable(std::vector<std::string> names, Outcome<T>& outcome) {
  std::ranges::sort(names);
  const auto twice = std::ranges::unique(names);
  names.erase(twice.begin(), twice.end());
  if (!names.empty() && names.front().empty()) {
    outcome.refuse("", Error{Code::kInvalid, "a topic's name is empty", Retry::never()});
    names.erase(names.begin());
  }
  return names;
}

template <class T>
std::vector<std::span<T>> in_chunks(std::span<T> all, std::size_t size = kItemsPerRequest) {
  std::vector<std::span<T>> chunks;
  for (; !all.empty(); all = all.subspan(std::min(size, all.size())))
    chunks.push_back(all.first(std::min(size, all.size())));
  return chunks;
}

// One request for each chunk of items; `names` and `pointers` are parallel. `read` gets the answer and the chunk's
// names.
template <class Pointer, class Send, class Read>
void send_in_chunks(Batch& batch, rd_kafka_admin_op_t operation, std::span<const std::string> names,
                    std::vector<Pointer>& pointers, Outcome<void>& outcome, Send send, Read read) {
  std::span<Pointer> all(pointers);
  for (const auto chunk : in_chunks(names)) {
    const auto part = all.first(chunk.size());
    all = all.subspan(chunk.size());
    batch.submit(
        operation,
        [&](rd_kafka_t* rk, const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
          send(rk, part.data(), part.size(), options, queue);
        },
        [&outcome, chunk, read](const Result<const rd_kafka_event_t*>& answer) {
          if (!answer) return outcome.request_failed(chunk, answer.error());
          read(*answer, chunk);
        });
  }
}

// One request and what its answer says.
template <class T, class Read>
Result<T> ask(Handle& handle, Duration timeout, rd_kafka_admin_op_t operation, const Batch::Start& start, Read read) {
  Result<T> said = fail(Code::kInternal, "not asked");
  Batch batch(handle, timeout);
  batch.submit(operation, start, [&](const Result<const rd_kafka_event_t*>& answer) {
    said = answer ? Result<T>(read(*answer)) : std::unexpected(answer.error());
  });
  batch.run();
  return said;
}

// Raw pointers for a call, without the ownership.
template <class T, auto Destroy>
std::vector<T*> raw(const std::vector<Owned<T, Destroy>>& owned) {
  std::vector<T*> pointers;
  pointers.reserve(owned.size());
  for (const auto& one : owned) pointers.push_back(one.get());
  return pointers;
}

}  // namespace penstock::kafka
