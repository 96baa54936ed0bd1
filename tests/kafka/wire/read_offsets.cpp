// The offset reader on a pipe, for e2e/test_reader.py: read_offsets BOOTSTRAP [USER PASSWORD] keeps one reader; a line
// of JSON is a plan to read, and the answer is a line of JSON. A number there is a known value; an object with "error"
// stands where there is none.
#include <penstock/kafka/offset_reader.hpp>

#include <iostream>

#include <nlohmann/json.hpp>

using namespace penstock;
using namespace penstock::kafka;
using Json = nlohmann::json;

namespace {

Json json_of(const Error& error) {
  return {{"error", error.to_string()}};
}

Json json_of(const Reading& reading) {
  return reading.known() ? Json(reading.value) : json_of(*reading.error);
}

Json json_of(const std::vector<Reading>& readings) {
  Json all = Json::array();
  for (const Reading& one : readings) all.push_back(json_of(one));
  return all;
}

Json json_of(const TopicSample& topic) {
  return {{"id", topic.id},
          {"ends", json_of(topic.ends)},
          {"stable_ends", json_of(topic.stable_ends)},
          {"starts", json_of(topic.starts)}};
}

Json json_of(const GroupInfo& info) {
  return {{"type", info.type},         {"state", info.state},
          {"members", info.members},   {"tasks", info.tasks},
          {"assignor", info.assignor}, {"assigned", info.assigned ? Json(*info.assigned) : Json::object()}};
}

Json json_of(const Sample& sample);

template <class T>
Json json_of(const Result<T>& result) {
  return result ? json_of(*result) : json_of(result.error());
}

Json json_of(const GroupSample& group) {
  Json committed = Json::object();
  for (const auto& [topic, readings] : group.committed) committed[topic] = json_of(readings);
  return {{"info", json_of(group.info)},
          {"commits", group.commits ? Json() : json_of(group.commits.error())},
          {"committed", committed},
          {"approximate", group.approximate}};
}

Json json_of(const Sample& sample) {
  Json topics = Json::object(), groups = Json::object(), probes = Json::array();
  for (const auto& [name, topic] : sample.topics) topics[name] = json_of(topic);
  for (const auto& [id, group] : sample.groups) groups[id] = json_of(group);
  for (const auto& answer : sample.probes)
    probes.push_back({{"topic", answer.probe.topic},
                      {"partition", answer.probe.partition},
                      {"offset", json_of(answer.offset)},
                      {"time", answer.record_time ? Json(answer.record_time->time_since_epoch().count()) : Json()}});
  return {{"topics", topics}, {"groups", groups}, {"probes", probes}};
}

SamplePlan plan_of(const Json& json) {
  SamplePlan plan;
  for (const Json& group : json.at("groups"))
    plan.groups.push_back({.id = group.at("id"),
                           .topics = group.at("topics"),
                           .committed_topics = group.at("committed_topics"),
                           .ends = group.at("ends"),
                           .stable_ends = group.at("stable_ends")});
  plan.doubtful = json.at("doubtful");
  for (const Json& probe : json.at("probes"))
    plan.probes.push_back({.topic = probe.at("topic"),
                           .partition = probe.at("partition"),
                           .time = WallTime{Duration{probe.at("time").get<std::int64_t>()}}});
  return plan;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2 && count != 4) return 2;
  Connection connection;
  connection.bootstrap_servers = arguments[1];
  if (count == 4) connection.sasl = Sasl{"SCRAM-SHA-512", arguments[2], arguments[3]};
  const SystemClock clock;
  const auto reader = open_offset_reader(connection, "read-offsets", clock);
  if (!reader) {
    std::cerr << reader.error().to_string() << '\n';
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const Json asked = Json::parse(line);
    const auto sample = (*reader)->read(plan_of(asked), Duration{asked.at("timeout_ms").get<std::int64_t>()}, {});
    std::cout << json_of(sample) << std::endl;
  }
}
