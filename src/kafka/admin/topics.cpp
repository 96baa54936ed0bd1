#include "topics.hpp"

#include "cluster.hpp"

namespace penstock::kafka {
namespace {

using NewTopicRequest = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using NewPartitionsRequest = Owned<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy>;
using DeleteTopicRequest = Owned<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>;

std::vector<int> ids(const rd_kafka_Node_t** nodes, std::size_t count) {
  std::vector<int> found;
  found.reserve(count);
  for (const auto* node : std::span(nodes, count))
    if (node) found.push_back(rd_kafka_Node_id(node));
  return found;
}

// As Kafka writes it: base64url. librdkafka writes plain base64.
std::string text_of(const rd_kafka_Uuid_t* id) {
  if (!id || (rd_kafka_Uuid_most_significant_bits(id) == 0 && rd_kafka_Uuid_least_significant_bits(id) == 0)) return {};
  std::string text = rd_kafka_Uuid_base64str(id);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

TopicInfo read_topic(const rd_kafka_TopicDescription_t* topic) {
  TopicInfo info;
  info.name = rd_kafka_TopicDescription_name(topic);
  info.topic_id = text_of(rd_kafka_TopicDescription_topic_id(topic));
  std::size_t count = 0;
  const auto** partitions = rd_kafka_TopicDescription_partitions(topic, &count);
  info.partitions.reserve(count);
  for (const auto* partition : std::span(partitions, count)) {
    PartitionInfo one;
    one.id = rd_kafka_TopicPartitionInfo_partition(partition);
    if (const auto* leader = rd_kafka_TopicPartitionInfo_leader(partition)) one.leader = rd_kafka_Node_id(leader);
    std::size_t nodes = 0;
    const auto** replicas = rd_kafka_TopicPartitionInfo_replicas(partition, &nodes);
    one.replicas = ids(replicas, nodes);
    const auto** in_sync = rd_kafka_TopicPartitionInfo_isr(partition, &nodes);
    one.in_sync_replicas = ids(in_sync, nodes);
    info.partitions.push_back(std::move(one));
  }
  std::ranges::sort(info.partitions, {}, &PartitionInfo::id);
  return info;
}

void read_results(std::span<const rd_kafka_topic_result_t*> results, Outcome<void>& outcome) {
  for (const auto* result : results) {
    const auto error = rd_kafka_topic_result_error(result);
    std::string name = rd_kafka_topic_result_name(result);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
      outcome.set(std::move(name), {});
    else
      outcome.refuse(std::move(name), to_error(error, rd_kafka_topic_result_error_string(result)));
  }
}

// A request for each chunk; `names` and `requests` are parallel.
template <class Request, class Send, class Results>
Result<PerItem<void>> send(Handle& handle, Duration timeout, rd_kafka_admin_op_t operation, Outcome<void> outcome,
                           std::vector<std::string> names, const std::vector<Request>& requests, Send send_chunk,
                           Results results_of) {
  Batch batch(handle, timeout);
  auto pointers = raw(requests);
  send_in_chunks(batch, operation, names, pointers, outcome, send_chunk,
                 [&outcome, results_of](const rd_kafka_event_t* answer, std::span<const std::string>) {
                   std::size_t count = 0;
                   const auto** results = results_of(answer, &count);
                   read_results({results, count}, outcome);
                 });
  batch.run();
  return outcome.take(names);
}

}  // namespace

void submit_describe_topics(Batch& batch, const std::vector<std::string>& names, Batch::Answer answer) {
  std::vector<const char*> texts;
  texts.reserve(names.size());
  for (const std::string& name : names) texts.push_back(name.c_str());
  const Owned<rd_kafka_TopicCollection_t, rd_kafka_TopicCollection_destroy> collection(
      rd_kafka_TopicCollection_of_topic_names(texts.data(), texts.size()));
  batch.submit(
      RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
      [&](rd_kafka_t* rk, const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_DescribeTopics(rk, collection.get(), options, queue);
      },
      std::move(answer));
}

std::vector<DescribedTopic> described_topics(const rd_kafka_event_t* event) {
  std::vector<DescribedTopic> described;
  std::size_t count = 0;
  const auto** topics = rd_kafka_DescribeTopics_result_topics(event, &count);
  described.reserve(count);
  for (const auto* topic : std::span(topics, count)) {
    std::string name = rd_kafka_TopicDescription_name(topic);
    if (auto error = to_error(rd_kafka_TopicDescription_error(topic)))
      described.push_back({std::move(name), std::unexpected(*std::move(error))});
    else
      described.push_back({std::move(name), read_topic(topic)});
  }
  return described;
}

Result<PerItem<TopicInfo>> AdminCluster::topics(const std::vector<std::string>& names, Duration timeout) {
  Outcome<TopicInfo> outcome;
  const auto asked = sendable(names, outcome);
  Batch batch(*handle_, timeout);
  for (const auto chunk : in_chunks(std::span(asked)))
    submit_describe_topics(batch, {chunk.begin(), chunk.end()},
                           [&outcome, chunk](const Result<const rd_kafka_event_t*>& answer) {
                             if (!answer) return outcome.request_failed(chunk, answer.error());
                             for (auto& [name, info] : described_topics(*answer)) {
                               if (info)
                                 outcome.set(name, std::move(info));
                               else
                                 outcome.refuse(name, info.error());
                             }
                           });
  batch.run();
  return outcome.take(asked);
}

Result<PerItem<void>> AdminCluster::create_topics(const std::vector<NewTopic>& topics, Duration timeout) {
  Outcome<void> outcome;
  std::vector<std::string> names;
  std::vector<NewTopicRequest> requests;
  for (const NewTopic& topic : topics) {
    char words[256] = "";
    NewTopicRequest request(
        rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication_factor, words, sizeof(words)));
    if (!request) {
      outcome.refuse(topic.name, Error{Code::kInvalid, words, Retry::never()});
      continue;
    }
    for (const auto& [key, value] : topic.config)
      rd_kafka_NewTopic_set_config(request.get(), key.c_str(), value.c_str());
    names.push_back(topic.name);
    requests.push_back(std::move(request));
  }
  return send(*handle_, timeout, RD_KAFKA_ADMIN_OP_CREATETOPICS, std::move(outcome), std::move(names), requests,
              rd_kafka_CreateTopics, rd_kafka_CreateTopics_result_topics);
}

Result<PerItem<void>> AdminCluster::grow_partitions(const std::map<std::string, int>& totals, Duration timeout) {
  Outcome<void> outcome;
  std::vector<std::string> names;
  std::vector<NewPartitionsRequest> requests;
  for (const auto& [name, total] : totals) {
    char words[256] = "a topic has at least one partition";
    NewPartitionsRequest request(
        total < 1 ? nullptr
                  : rd_kafka_NewPartitions_new(name.c_str(), static_cast<std::size_t>(total), words, sizeof(words)));
    if (!request) {
      outcome.refuse(name, Error{Code::kInvalid, words, Retry::never()});
      continue;
    }
    names.push_back(name);
    requests.push_back(std::move(request));
  }
  return send(*handle_, timeout, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, std::move(outcome), std::move(names), requests,
              rd_kafka_CreatePartitions, rd_kafka_CreatePartitions_result_topics);
}

Result<PerItem<void>> AdminCluster::delete_topics(const std::vector<std::string>& names, Duration timeout) {
  Outcome<void> outcome;
  auto asked = sendable(names, outcome);
  std::vector<DeleteTopicRequest> requests;
  for (const std::string& name : asked) requests.emplace_back(rd_kafka_DeleteTopic_new(name.c_str()));
  return send(*handle_, timeout, RD_KAFKA_ADMIN_OP_DELETETOPICS, std::move(outcome), std::move(asked), requests,
              rd_kafka_DeleteTopics, rd_kafka_DeleteTopics_result_topics);
}

}  // namespace penstock::kafka
