// Our bytes against those of Kafka's own classes: data/golden.txt, which data/GoldenBytes.java writes. The messages
// here are the ones of that program.
#include "wire/codec/broker_side.hpp"
#include "wire/messages/all.hpp"
#include "wire/messages/consumer_protocol.hpp"

#include <fstream>
#include <string_view>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka::wire;

namespace {

constexpr std::int32_t kCorrelation = 77;
const Uuid kId{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

// Frames by name and version; each is taken once.
class Golden {
 public:
  Golden() {
    std::ifstream file("tests/kafka/wire/data/golden.txt");
    std::string name, hex;
    std::int16_t version = 0;
    while (file >> name >> version >> hex) frames_[{name, version}] = from_hex(hex);
    REQUIRE_FALSE(frames_.empty());
  }

  std::string take(const std::string& name, std::int16_t version) {
    const auto found = frames_.find({name, version});
    REQUIRE_MESSAGE(found != frames_.end(), name, " v", version);
    std::string frame = found->second;
    frames_.erase(found);
    return frame;
  }

  template <class Request>
  void request(const Request& message, std::initializer_list<std::int16_t> versions, const char* suffix = "") {
    const std::string name = std::string(Request::kApi.name) + "Request" + suffix;
    for (const std::int16_t version : versions) {
      CAPTURE(name);
      CAPTURE(version);
      const std::string frame = take(name, version);
      CHECK(encode_request(message, version, kCorrelation, "penstock") == frame);
      const auto decoded = decode_request<Request>(frame.substr(4));
      REQUIRE_MESSAGE(decoded, decoded.error().what);
      CHECK(*decoded == message);
    }
  }

  template <class Response>
  void response(const Response& message, std::initializer_list<std::int16_t> versions, const char* suffix = "") {
    const std::string name = std::string(Response::kApi.name) + "Response" + suffix;
    for (const std::int16_t version : versions) {
      CAPTURE(name);
      CAPTURE(version);
      const std::string frame = take(name, version);
      const auto decoded = decode_response<Response>(std::string_view(frame).substr(8), version);
      REQUIRE_MESSAGE(decoded, decoded.error().what);
      CHECK(*decoded == message);
      CHECK(encode_response(message, version, kCorrelation) == frame);
    }
  }

  std::string left() const { return frames_.empty() ? "" : frames_.begin()->first.first; }

 private:
  std::map<std::pair<std::string, std::int16_t>, std::string> frames_;
};

void connection_requests(Golden& golden) {
  golden.request(ApiVersionsRequest{}, {0, 2});
  golden.request(ApiVersionsRequest{"penstock", "0.1.0"}, {3, 4});
  golden.request(SaslHandshakeRequest{"SCRAM-SHA-256"}, {1});
  golden.request(SaslAuthenticateRequest{{std::string("\0u\0p", 4)}}, {0, 1, 2});

  MetadataRequest metadata{.topics = {{{{}, "orders"}}}, .allow_auto_topic_creation = false};
  golden.request(metadata, {9});
  metadata.topics->push_back({kId, std::nullopt});
  golden.request(metadata, {12, 13});
  golden.request(MetadataRequest{.topics = {}, .allow_auto_topic_creation = false}, {12}, ".all");
  golden.request(FindCoordinatorRequest{.key = "g1", .coordinator_keys = {}}, {3});
  golden.request(FindCoordinatorRequest{.key = "", .coordinator_keys = {"g1", "g2"}}, {4, 5, 6});
}

void offset_requests(Golden& golden) {
  ListOffsetsRequest list;
  list.isolation_level = kReadCommitted;
  list.topics = {{"orders", {{0, -1, kLatest}, {300, 7, 1700000000123}}}};
  golden.request(list, {5, 6, 7});
  list.timeout_ms = 1500;
  golden.request(list, {10, 11});

  OffsetFetchRequest one;
  one.group_id = "g1";
  golden.request(one, {7}, ".all");
  one.topics = {{{"orders", {0, 1}}}};
  golden.request(one, {6, 7});
  OffsetFetchRequest many;
  many.groups.resize(2);
  many.groups[0].group_id = "g1";
  many.groups[0].topics = {{{"orders", {0, 1}}}};
  many.groups[1].group_id = "g2";
  golden.request(many, {8, 9});
}

void group_requests(Golden& golden) {
  golden.request(ListGroupsRequest{}, {3});
  golden.request(ListGroupsRequest{{"Stable"}, {}}, {4});
  golden.request(ListGroupsRequest{{"Stable"}, {"consumer", "share"}}, {5});
  golden.request(DescribeGroupsRequest{{"g1", "g2"}, false}, {5, 6});
  golden.request(ConsumerGroupDescribeRequest{{"g1"}, false}, {0, 1});
  golden.request(ShareGroupDescribeRequest{{"g1"}, false}, {1});
  golden.request(StreamsGroupDescribeRequest{{"g1"}, false}, {0});
  DescribeShareGroupOffsetsRequest share;
  share.groups.push_back({"g1", std::nullopt});
  share.groups.push_back({"g2", {{{"orders", {3}}}}});
  golden.request(share, {0, 1});
}

void connection_responses(Golden& golden) {
  golden.response(SaslHandshakeResponse{33, {"SCRAM-SHA-256", "PLAIN"}}, {1});
  FindCoordinatorResponse one{5, 15, "not yet", 2, "b2", 9092, {}};
  golden.response(one, {3});
  FindCoordinatorResponse many;
  many.throttle_time_ms = 5;
  many.coordinators = {{"g1", 2, "b2", 9092, 0, ""}, {"g2", -1, "", -1, 15, "not yet"}};
  golden.response(many, {4, 5, 6});

  ApiVersionsResponse versions;
  versions.api_keys = {{2, 1, 11}};
  golden.response(versions, {0});
  versions.throttle_time_ms = 5;
  golden.response(versions, {2});
  versions.supported_features = {{"kraft.version", 0, 1}};
  versions.finalized_features_epoch = 42;
  versions.finalized_features = {{"metadata.version", 29, 7}};
  versions.zk_migration_ready = true;
  golden.response(versions, {3, 4});

  SaslAuthenticateResponse sasl{58, "no", {"\x01\x02"}};
  golden.response(sasl, {0});
  sasl.session_lifetime_ms = 3600000;
  golden.response(sasl, {1, 2});

  MetadataResponse metadata;
  metadata.throttle_time_ms = 5;
  metadata.brokers = {{2, "b2", 9092, "r"}, {3, "b3", 9093, std::nullopt}};
  metadata.cluster_id = "c1";
  metadata.controller_id = 2;
  metadata.topics.resize(1);
  metadata.topics[0].name = "orders";
  metadata.topics[0].partitions = {{0, 1, 2, 9, {2, 3}, {2}, {3}}};
  golden.response(metadata, {9});
  metadata.topics[0].topic_id = kId;
  golden.response(metadata, {13});
}

void offset_responses(Golden& golden) {
  golden.response(ListOffsetsResponse{5, {{"orders", {{1, 0, -1, 123456789012, 9}, {2, 6, -1, -1, -1}}}}}, {5, 11});
  OffsetFetchResponse one;
  one.topics = {{"orders", {{1, 99, 4, "", 0}}}};
  golden.response(one, {7});
  OffsetFetchResponse many;
  many.groups = {{"g1", {{"orders", {{1, 99, 4, std::nullopt, 0}}}}, 0}, {"g2", {}, 30}};
  golden.response(many, {8, 9});
}

void listed_groups(Golden& golden) {
  ListGroupsResponse list{5, 14, {{"g1", "consumer", "", ""}, {"g2", "share", "", ""}}};
  golden.response(list, {3});
  list.groups[0].group_state = "Stable";
  list.groups[1].group_state = "Empty";
  golden.response(list, {4});
  list.groups[0].group_type = "classic";
  list.groups[1].group_type = "share";
  golden.response(list, {5});
}

void classic_and_share_groups(Golden& golden) {
  DescribeGroupsResponse classic;
  classic.throttle_time_ms = 5;
  classic.groups.resize(2);
  auto& known = classic.groups[0];
  known.group_id = "g1";
  known.group_state = "Stable";
  known.protocol_type = "consumer";
  known.protocol_data = "range";
  known.authorized_operations = 264;
  known.members = {{"m", "i", "c", "/h", {"\x01\x02"}, {"\x03"}}, {"n", std::nullopt, "c", "/h", {}, {}}};
  classic.groups[1].group_id = "g2";
  classic.groups[1].group_state = "Dead";
  golden.response(classic, {5});
  classic.groups[1].error_code = 69;
  classic.groups[1].error_message = "no such group";
  golden.response(classic, {6});

  ShareGroupDescribeResponse share;
  share.throttle_time_ms = 5;
  share.groups.resize(2);
  auto& group = share.groups[0];
  group.group_id = "g1";
  group.group_state = "Stable";
  group.group_epoch = 4;
  group.assignment_epoch = 3;
  group.assignor_name = "simple";
  group.members = {{"m", "r", 4, "c", "/h", {"orders"}, {{{kId, "orders", {0, 1}}}}}};
  share.groups[1].group_id = "g2";
  share.groups[1].group_state = "Dead";
  share.groups[1].error_code = 69;
  share.groups[1].error_message = "no such group";
  golden.response(share, {1});
}

void group_responses(Golden& golden) {
  StreamsGroupDescribeResponse streams;
  auto& group = streams.groups.emplace_back();
  group.group_id = "s";
  group.group_state = "Stable";
  group.group_epoch = group.assignment_epoch = 3;
  auto& member = group.members.emplace_back();
  member.member_id = "m";
  member.member_epoch = 3;
  member.client_id = "c";
  member.client_host = "/h";
  member.topology_epoch = 1;
  member.process_id = "p";
  member.assignment.active_tasks = {{"0", {0, 1}}};
  golden.response(streams, {0}, ".nulls");
  member.user_endpoint = StreamsEndpoint{"e", 65000};
  group.topology.emplace().epoch = 1;
  group.topology->subtopologies.emplace().emplace_back().subtopology_id = "0";
  group.topology->subtopologies->front().source_topics = {"orders"};
  golden.response(streams, {0});

  DescribeShareGroupOffsetsResponse share;
  share.groups = {{"g1", {{"orders", kId, {{1, 10, 2, 5, 0, std::nullopt}}}}, 0, std::nullopt}};
  golden.response(share, {1});

  ConsumerGroupDescribeResponse consumer;
  auto& described = consumer.groups.emplace_back();
  described.group_id = "g1";
  described.group_state = "Stable";
  described.group_epoch = described.assignment_epoch = 4;
  described.assignor_name = "uniform";
  auto& one = described.members.emplace_back();
  one.member_id = "m";
  one.member_epoch = 4;
  one.client_id = "c";
  one.client_host = "/h";
  one.subscribed_topic_names = {"orders"};
  one.assignment.topic_partitions = {{kId, "orders", {0, 1}}};
  one.member_type = 1;
  golden.response(consumer, {1});
}

}  // namespace

TEST_CASE("our bytes are those of Kafka's own classes") {
  Golden golden;
  connection_requests(golden);
  offset_requests(golden);
  group_requests(golden);
  connection_responses(golden);
  offset_responses(golden);
  listed_groups(golden);
  classic_and_share_groups(golden);
  group_responses(golden);
  const auto assignment = decode_assignment({golden.take("ConsumerProtocolAssignment", 3)});
  REQUIRE_MESSAGE(assignment, assignment.error().what);
  REQUIRE(assignment->assigned_partitions.size() == 1);
  CHECK(assignment->assigned_partitions[0].topic == "orders");
  CHECK(assignment->assigned_partitions[0].partitions == std::vector<std::int32_t>{0, 7});
  CHECK_FALSE(assignment->user_data);
  CHECK(golden.left() == "");
}

TEST_CASE("a topic's id is written as Kafka writes it") {
  CHECK(kId.to_string() == "AQIDBAUGBwgJCgsMDQ4PEA");
  Uuid high;
  high.data.fill(0xfb);
  CHECK(high.to_string() == "-_v7-_v7-_v7-_v7-_v7-w");
  CHECK(Uuid{}.is_zero());
  CHECK_FALSE(kId.is_zero());
}

TEST_CASE("what a version has no place for is left out") {
  OffsetFetchRequest request;
  request.group_id = "g";
  request.groups.resize(3);
  const auto decoded = decode_request<OffsetFetchRequest>(encode_request(request, 7, 1, "c").substr(4));
  REQUIRE(decoded);
  CHECK(decoded->group_id == "g");
  CHECK(decoded->groups.empty());
}

TEST_CASE("a null where the version knows none is written as the empty value") {
  MetadataRequest request;
  request.topics.emplace().resize(1);
  const auto decoded = decode_request<MetadataRequest>(encode_request(request, 9, 1, "c").substr(4));
  REQUIRE(decoded);
  CHECK(decoded->topics->front().name == "");
}

TEST_CASE("a name longer than Kafka's longest is cut in versions that count in 15 bits") {
  const auto decoded = decode_request<SaslHandshakeRequest>(
      encode_request(SaslHandshakeRequest{std::string(40000, 'm')}, 1, 1, std::string(40000, 'c')).substr(4));
  REQUIRE(decoded);
  CHECK(decoded->mechanism == std::string(32767, 'm'));
}
