// Answers that no honest broker sends. The sanitizers watch that nothing is read that isn't there.
#include "messages_filler.hpp"
#include "wire/codec/broker_side.hpp"
#include "wire/messages/all.hpp"
#include "wire/messages/consumer_protocol.hpp"

#include <random>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka::wire;

namespace {

template <class Response>
std::string sample(std::int16_t version, unsigned seed) {
  return encode_response(Filler::filled<Response>(version, seed), version, 1).substr(8);
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

template <class Response>
std::string refusal(const std::string& answer, std::int16_t version) {
  // From the heap and of exact size, so that a step beyond it is seen.
  const std::vector<char> heap(answer.begin(), answer.end());
  const auto decoded = decode_response<Response>({heap.data(), heap.size()}, version);
  if (decoded) return "accepted";
  CHECK(decoded.error().code == Code::kInternal);
  return decoded.error().what;
}

// How much larger an element is in memory than it can be in an answer: the worst of a message.
class Growth {
 public:
  template <class S>
  static double worst(std::int16_t version) {
    Growth growth{version, version >= S::kApi.flexible};
    growth.type<S>();
    return growth.worst_;
  }

  template <class T>
  void operator()(const char* /*name*/, T& /*member*/, const Field& field = {}) {
    if (field.versions.contains(version_)) type<std::remove_const_t<T>>();
  }

 private:
  Growth(std::int16_t version, bool flexible) : version_(version), flexible_(flexible) {}

  template <class T>
  void type() {
    if constexpr (kIsVector<T>) {
      using Element = typename T::value_type;
      const auto least = static_cast<double>(MinSize::of<Element>(version_, flexible_));
      worst_ = std::max(worst_, static_cast<double>(sizeof(Element)) / least);
      type<Element>();
    } else if constexpr (kIsOptional<T>) {
      type<typename T::value_type>();
    } else if constexpr (kIsStruct<T>) {
      const T blank{};
      T::fields(blank, *this);
    }
  }

  std::int16_t version_;
  bool flexible_;
  double worst_ = 0;
};

}  // namespace

TEST_CASE("an answer takes no more memory than a fixed multiple of its size") {
  for_each_request([]<class Request>() {
    using Response = typename Request::Response;
    for (std::int16_t version = Response::kApi.oldest; version <= Response::kApi.newest; ++version) {
      CAPTURE(Response::kApi.name);
      CAPTURE(version);
      CHECK(Growth::worst<Response>(version) < 43);
    }
  });
}

TEST_CASE("an answer cut short anywhere is refused") {
  for_each_request([]<class Request>() {
    using Response = typename Request::Response;
    for (std::int16_t version = Response::kApi.oldest; version <= Response::kApi.newest; ++version) {
      const std::string whole = sample<Response>(version, 3);
      for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(Response::kApi.name);
        CAPTURE(version);
        CAPTURE(size);
        CHECK(refusal<Response>(whole.substr(0, size), version) != "accepted");
      }
      CHECK(decode_response<Response>(whole + '\0', version));
    }
  });
}

TEST_CASE("an answer with flipped bits is decoded or refused, and does no harm") {
  std::mt19937 random(20261124);
  for_each_request([&]<class Request>() {
    using Response = typename Request::Response;
    for (std::int16_t version = Response::kApi.oldest; version <= Response::kApi.newest; ++version) {
      const std::string whole = sample<Response>(version, 5);
      for (int round = 0; round < 300; ++round) {
        std::vector<char> answer(whole.begin(), whole.end());
        for (unsigned flips = 1 + random() % 4; flips > 0; --flips)
          answer[random() % answer.size()] = static_cast<char>(random());
        const auto decoded = decode_response<Response>({answer.data(), answer.size()}, version);
        if (!decoded) CHECK(decoded.error().what.starts_with(Response::kApi.name));
      }
    }
  });
}

TEST_CASE("a count that the bytes left can't hold takes no memory") {
  // Flexible: no tagged fields in the header, a throttle time, then 2^32 - 2 topics.
  CHECK(refusal<ListOffsetsResponse>(bytes({0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}), 7) ==
        "ListOffsets v7: field Topics: 4294967294 elements can't be in the 0 bytes that are left, at byte 10");
  // Classic: 2^31 - 1 topics.
  CHECK(refusal<ListOffsetsResponse>(bytes({0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0}), 5) ==
        "ListOffsets v5: field Topics: 2147483647 elements can't be in the 4 bytes that are left, at byte 8");
  // A partition takes 27 bytes at least: as many elements as bytes is too many.
  CHECK(refusal<ListOffsetsResponse>(bytes({0, 0, 0, 0, 0, 2, 2, 't', 100}) + std::string(99, '\0'), 7) ==
        "ListOffsets v7: field Topics.Partitions: 99 elements can't be in the 99 bytes that are left, at byte 9");
  CHECK(refusal<SaslHandshakeResponse>(bytes({0, 0, 0, 0, 0, 9, 0, 0}), 1) ==
        "SaslHandshake v1: field Mechanisms: 9 elements can't be in the 2 bytes that are left, at byte 6");
}

TEST_CASE("a length beyond the frame is refused") {
  CHECK(refusal<SaslHandshakeResponse>(bytes({0, 0, 0, 0, 0, 1, 0x7f, 0xff, 'P'}), 1) ==
        "SaslHandshake v1: field Mechanisms: 32767 bytes needed, 1 left, at byte 8");
  CHECK(refusal<SaslAuthenticateResponse>(bytes({0, 0, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 1}), 0) ==
        "SaslAuthenticate v0: field AuthBytes: 2147483647 bytes needed, 1 left, at byte 8");
}

TEST_CASE("a null where there must be a value is refused, and so is a negative length") {
  CHECK(refusal<SaslHandshakeResponse>(bytes({0, 0, 0xff, 0xff, 0xff, 0xff}), 1) ==
        "SaslHandshake v1: field Mechanisms: null where a value must be, at byte 6");
  CHECK(refusal<SaslHandshakeResponse>(bytes({0, 0, 0, 0, 0, 1, 0x80, 0}), 1) ==
        "SaslHandshake v1: field Mechanisms: null where a value must be, at byte 8");
  CHECK(refusal<ListOffsetsResponse>(bytes({0, 0, 0, 0, 0, 0, 0}), 7) ==
        "ListOffsets v7: field Topics: null where a value must be, at byte 6");
}

TEST_CASE("a variable-length number ends within 32 bits") {
  const std::string head = bytes({0, 0, 0, 0, 0});
  const std::string problem = "ListOffsets v7: field Topics: a variable-length number of more than 32 bits, at byte 10";
  CHECK(refusal<ListOffsetsResponse>(head + bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0}), 7) == problem);
  CHECK(refusal<ListOffsetsResponse>(head + bytes({0xff, 0xff, 0xff, 0xff, 0x1f}), 7) == problem);
}

TEST_CASE("tagged fields that we don't know are skipped, wherever they are") {
  // In the header, in the topic, and at the end.
  const std::string answer = bytes({1, 9, 2, 'x', 'y', 0, 0, 0, 5, 2, 2, 't', 1, 1, 0x80, 1, 0, 2, 3, 1, 'z', 4, 0});
  const auto decoded = decode_response<ListOffsetsResponse>(answer, 7);
  REQUIRE_MESSAGE(decoded, decoded.error().what);
  CHECK(decoded->throttle_time_ms == 5);
  REQUIRE(decoded->topics.size() == 1);
  CHECK(decoded->topics[0].name == "t");
  CHECK(refusal<ListOffsetsResponse>(bytes({0, 0, 0, 0, 5, 1, 1, 7, 9, 'z'}), 7) ==
        "ListOffsets v7: 9 bytes needed, 1 left, at byte 9");
}

TEST_CASE("a tagged field keeps within the size that it states") {
  const std::string head = bytes({0, 0, 1, 0, 0, 0, 0, 1});
  // The epoch has 8 bytes.
  CHECK(refusal<ApiVersionsResponse>(head + bytes({1, 9}) + std::string(9, '\0'), 3) ==
        "ApiVersions v3: field FinalizedFeaturesEpoch: its content is shorter than its size says, at byte 18");
  CHECK(refusal<ApiVersionsResponse>(head + bytes({1, 4}) + std::string(8, '\0'), 3) ==
        "ApiVersions v3: field FinalizedFeaturesEpoch: 8 bytes needed, 4 left, at byte 10");
}

TEST_CASE("a member's assignment is read whatever its version, and bounded like an answer") {
  const std::string version_and_topic = bytes({0, 9, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7});
  const std::string no_user_data = bytes({0xff, 0xff, 0xff, 0xff});
  const auto assignment = decode_assignment({version_and_topic + no_user_data + "from a later version"});
  REQUIRE_MESSAGE(assignment, assignment.error().what);
  REQUIRE(assignment->assigned_partitions.size() == 1);
  CHECK(assignment->assigned_partitions[0].topic == "t");
  CHECK(assignment->assigned_partitions[0].partitions == std::vector<std::int32_t>{0, 7});
  CHECK_FALSE(assignment->user_data);

  CHECK(decode_assignment({})->assigned_partitions.empty());
  const std::string whole = version_and_topic + no_user_data;
  for (std::size_t size = 1; size < whole.size(); ++size) CHECK_FALSE(decode_assignment({whole.substr(0, size)}));
  const auto absurd = decode_assignment({bytes({0, 1, 0x7f, 0xff, 0xff, 0xff})});
  REQUIRE_FALSE(absurd);
  CHECK(absurd.error().what ==
        "ConsumerProtocolAssignment v1: field AssignedPartitions: 2147483647 elements can't be in the 0 bytes that are "
        "left, at byte 6");
}
