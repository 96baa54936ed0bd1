// A Kafka as far as whoever reads lag can tell: brokers on loopback that answer from arithmetic, for sizes that no real
// cluster holds on one machine. A process of its own, so that its CPU is not counted as its client's. Prints its
// bootstrap servers and lives until its standard input ends.
//
//   fake_kafka BROKERS SCALERS PARTITIONS MOVING
//
// Topics bench-<i> of so many partitions; groups bench-g<i> with two members each, every other one of the KIP-848 kind,
// each on a topic of its own. Of each hundred topics, MOVING get records all the time, and their groups follow a second
// behind. Every hundredth group has a backlog of old.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <unistd.h>
#include <wire/codec/broker_side.hpp>
#include <wire/messages/all.hpp>
#include <wire/messages/consumer_protocol.hpp>

namespace penstock::kafka::wire {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr std::int64_t kNow = 1'000'000;       // the end of each partition at the start
constexpr std::int64_t kBacklog = 500'000;     // of the groups that have one
constexpr std::int64_t kRecordsASecond = 100;  // of a partition: before the start everywhere, then where it moves
constexpr int kMembers = 2;

std::int64_t wall_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

// The number in bench-17 or bench-g17; -1 for other names.
int number_in(std::string_view name, std::string_view prefix) {
  int number = -1;
  if (name.starts_with(prefix)) std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return number;
}

Uuid id_of(int topic) {
  Uuid id;
  for (std::size_t i = 0; i < 4; ++i) id.data[12 + i] = static_cast<std::uint8_t>(topic >> (24 - 8 * i));
  id.data[0] = 1;
  return id;
}

struct Size {
  int brokers = 3, scalers = 0, partitions = 10, moving = 0;
};

class Cluster {
 public:
  Cluster(Size size, std::vector<int> ports) : size_(size), ports_(std::move(ports)) {}

  std::string answer(int broker, std::string_view frame) const {
    const RequestHeader header = read_header(frame);
    std::string out;
    const auto on = [&]<class Request>(const Request&, auto make) {
      if (header.key != Request::kApi.key) return false;
      const auto request = decode_request<Request>(frame);
      if (!request) throw std::runtime_error(request.error().to_string());
      out = encode_response(make(*request), header.version, header.correlation);
      return true;
    };
    if (on(ListOffsetsRequest{}, [&](const auto& r) { return offsets(r); }) ||
        on(OffsetFetchRequest{}, [&](const auto& r) { return commits(r); }) ||
        on(ConsumerGroupDescribeRequest{}, [&](const auto& r) { return describe(r); }) ||
        on(DescribeGroupsRequest{}, [&](const auto& r) { return describe(r); }) ||
        on(MetadataRequest{}, [&](const auto& r) { return metadata(r); }) ||
        on(ListGroupsRequest{}, [&](const auto&) { return list(broker); }) ||
        on(FindCoordinatorRequest{}, [&](const auto& r) { return coordinators(r); }) ||
        on(ApiVersionsRequest{}, [](const auto&) { return versions(); }))
      return out;
    throw std::runtime_error("a request of kind " + std::to_string(header.key) + " has no answer here");
  }

 private:
  bool is_classic(int group) const { return group % 2 == 1; }
  int coordinator_of(int group) const { return group % size_.brokers; }
  // As if each topic had got its records at a steady rate since long ago.
  std::int64_t end_at(int topic, std::int64_t wall) const {
    if (wall >= began_ && topic % 100 >= size_.moving) return kNow;
    return std::max<std::int64_t>(0, kNow + (wall - began_) * kRecordsASecond / 1000);
  }

  static ApiVersionsResponse versions() {
    ApiVersionsResponse response;
    for_each_request([&]<class Request>() {
      const Api& api = Request::kApi;
      response.api_keys.push_back({api.key, api.oldest, api.newest});
    });
    return response;
  }

  MetadataResponse metadata(const MetadataRequest& request) const {
    MetadataResponse response;
    response.cluster_id = "ZmFrZS1rYWZrYS1vZi1iZQ";
    for (int id = 0; id < size_.brokers; ++id)
      response.brokers.push_back({id, "127.0.0.1", ports_[static_cast<std::size_t>(id)], std::nullopt});
    if (!request.topics) throw std::runtime_error("nobody asks for all topics");
    for (const auto& asked : *request.topics) {
      auto& topic = response.topics.emplace_back();
      topic.name = asked.name;
      const int number = number_in(asked.name.value_or(""), "bench-");
      topic.topic_id = id_of(number);
      for (int p = 0; p < size_.partitions; ++p) {
        auto& partition = topic.partitions.emplace_back();
        partition.partition_index = p;
        partition.leader_id = (number + p) % size_.brokers;
        for (int copy = 0; copy < std::min(3, size_.brokers); ++copy)
          partition.replica_nodes.push_back((number + p + copy) % size_.brokers);
        partition.isr_nodes = partition.replica_nodes;
      }
    }
    return response;
  }

  FindCoordinatorResponse coordinators(const FindCoordinatorRequest& request) const {
    FindCoordinatorResponse response;
    for (const std::string& key : request.coordinator_keys) {
      const int node = coordinator_of(number_in(key, "bench-g"));
      response.coordinators.push_back(
          {key, node, "127.0.0.1", ports_[static_cast<std::size_t>(node)], 0, std::nullopt});
    }
    return response;
  }

  ListGroupsResponse list(int broker) const {
    ListGroupsResponse response;
    for (int group = broker; group < size_.scalers; group += size_.brokers)
      response.groups.push_back(
          {"bench-g" + std::to_string(group), "consumer", "Stable", is_classic(group) ? "classic" : "consumer"});
    return response;
  }

  OffsetFetchResponse commits(const OffsetFetchRequest& request) const {
    const std::int64_t second_ago = wall_ms() - 1000;
    OffsetFetchResponse response;
    response.groups.reserve(request.groups.size());
    for (const auto& asked : request.groups) {
      auto& group = response.groups.emplace_back();
      group.group_id = asked.group_id;
      const int number = number_in(asked.group_id, "bench-g");
      const std::int64_t behind = number % 100 == 0 ? kBacklog : 0;
      const std::int64_t committed = end_at(number, std::max(began_, second_ago)) - behind;
      auto& topic = group.topics.emplace_back();
      topic.name = "bench-" + std::to_string(number);
      topic.partitions.reserve(static_cast<std::size_t>(size_.partitions));
      for (int p = 0; p < size_.partitions; ++p) topic.partitions.push_back({p, committed, 0, "", 0});
    }
    return response;
  }

  ListOffsetsResponse offsets(const ListOffsetsRequest& request) const {
    const std::int64_t wall = wall_ms();
    ListOffsetsResponse response;
    response.topics.reserve(request.topics.size());
    for (const auto& asked : request.topics) {
      auto& topic = response.topics.emplace_back();
      topic.name = asked.name;
      const int number = number_in(asked.name, "bench-");
      const std::int64_t end = end_at(number, wall);
      topic.partitions.reserve(asked.partitions.size());
      for (const auto& partition : asked.partitions) {
        auto& answer = topic.partitions.emplace_back();
        answer.partition_index = partition.partition_index;
        answer.leader_epoch = 0;
        if (partition.timestamp == kLatest) {
          answer.offset = end;
        } else if (partition.timestamp == kEarliest) {
          answer.offset = 0;
        } else if (const std::int64_t found = end_at(number, partition.timestamp); found < end) {
          answer.offset = found;
          answer.timestamp = partition.timestamp;
        }
      }
    }
    return response;
  }

  std::vector<std::int32_t> share_of(int member) const {
    std::vector<std::int32_t> partitions;
    for (int p = member; p < size_.partitions; p += kMembers) partitions.push_back(p);
    return partitions;
  }

  ConsumerGroupDescribeResponse describe(const ConsumerGroupDescribeRequest& request) const {
    ConsumerGroupDescribeResponse response;
    for (const std::string& id : request.group_ids) {
      auto& group = response.groups.emplace_back();
      const int number = number_in(id, "bench-g");
      group.group_id = id;
      group.group_state = "Stable";
      group.group_epoch = group.assignment_epoch = 2;
      group.assignor_name = "uniform";
      for (int m = 0; m < kMembers; ++m) {
        auto& member = group.members.emplace_back();
        member.member_id = id + "-4f0b7c1e-9a52-4c39-8d1e-" + std::to_string(m);
        member.client_id = "orders-consumer";
        member.client_host = "/10.0.0.1";
        member.member_epoch = 2;
        member.member_type = 1;
        member.subscribed_topic_names = {"bench-" + std::to_string(number)};
        member.assignment.topic_partitions.push_back({id_of(number), member.subscribed_topic_names[0], share_of(m)});
        member.target_assignment = member.assignment;
      }
    }
    return response;
  }

  DescribeGroupsResponse describe(const DescribeGroupsRequest& request) const {
    DescribeGroupsResponse response;
    for (const std::string& id : request.groups) {
      auto& group = response.groups.emplace_back();
      group.group_id = id;
      group.group_state = "Stable";
      group.protocol_type = "consumer";
      group.protocol_data = "range";
      for (int m = 0; m < kMembers; ++m) {
        auto& member = group.members.emplace_back();
        member.member_id = "orders-consumer-4f0b7c1e-9a52-4c39-8d1e-" + std::to_string(m);
        member.client_id = "orders-consumer";
        member.client_host = "/10.0.0.1";
        ConsumerProtocolAssignment assignment;
        assignment.assigned_partitions.push_back({"bench-" + std::to_string(number_in(id, "bench-g")), share_of(m)});
        Writer writer(member.member_assignment.data, 0, false);
        writer.number(std::int16_t{0});
        writer.message(assignment);
      }
    }
    return response;
  }

  const Size size_;
  const std::vector<int> ports_;
  const std::int64_t began_ = wall_ms();
};

asio::awaitable<void> talk(Tcp::socket socket, int broker, const Cluster& cluster) {
  boost::system::error_code error;
  std::string frame;
  for (;;) {
    frame.assign(4, '\0');
    co_await asio::async_read(socket, asio::buffer(frame), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    std::size_t size = 0;
    for (const char byte : frame) size = size << 8 | static_cast<unsigned char>(byte);
    frame.assign(size, '\0');
    co_await asio::async_read(socket, asio::buffer(frame), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    const std::string reply = cluster.answer(broker, frame);
    co_await asio::async_write(socket, asio::buffer(reply), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
}

void rethrow(const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

asio::awaitable<void> listen(Tcp::acceptor& acceptor, int broker, const Cluster& cluster) {
  for (;;) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    socket.set_option(Tcp::no_delay(true));
    asio::co_spawn(acceptor.get_executor(), talk(std::move(socket), broker, cluster), rethrow);
  }
}

void serve(const Size& size) {
  asio::io_context io{1};
  std::vector<Tcp::acceptor> acceptors;
  std::vector<int> ports;
  for (int i = 0; i < size.brokers; ++i) {
    acceptors.emplace_back(io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    ports.push_back(acceptors.back().local_endpoint().port());
    std::printf("%s127.0.0.1:%d", i == 0 ? "" : ",", ports.back());
  }
  std::printf("\n");
  std::fflush(stdout);
  const Cluster cluster(size, ports);
  for (int i = 0; i < size.brokers; ++i)
    asio::co_spawn(io, listen(acceptors[static_cast<std::size_t>(i)], i, cluster), rethrow);
  asio::posix::stream_descriptor input(io, dup(STDIN_FILENO));
  char unused = 0;
  input.async_read_some(asio::buffer(&unused, 1), [&](const auto&, std::size_t) { io.stop(); });
  io.run();
}

}  // namespace
}  // namespace penstock::kafka::wire

int main(int argc, char** argv) {
  if (argc != 5) return std::fprintf(stderr, "usage: fake_kafka BROKERS SCALERS PARTITIONS MOVING\n"), 2;
  std::array<int, 4> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::atoi(argv[i + 1]);
  try {
    penstock::kafka::wire::serve({numbers[0], numbers[1], numbers[2], numbers[3]});
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "fake_kafka: %s\n", error.what()), 1;
  }
  return 0;
}
