#include "messages_filler.hpp"
#include "wire/codec/broker_side.hpp"
#include "wire/messages/all.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka::wire;

TEST_CASE("every request comes back as it was, at every version") {
  for_each_request([]<class Request>() {
    for (std::int16_t version = Request::kApi.oldest; version <= Request::kApi.newest; ++version) {
      for (unsigned seed = 0; seed < 20; ++seed) {
        CAPTURE(Request::kApi.name);
        CAPTURE(version);
        const auto request = Filler::filled<Request>(version, seed);
        const std::string frame = encode_request(request, version, 77, "a client");
        Reader length(frame, version, false);
        CHECK(length.number<std::int32_t>() == static_cast<std::int32_t>(frame.size() - 4));
        const RequestHeader header = read_header(frame.substr(4));
        CHECK(header.key == Request::kApi.key);
        CHECK(header.version == version);
        CHECK(header.correlation == 77);
        const auto decoded = decode_request<Request>(frame.substr(4));
        REQUIRE_MESSAGE(decoded, decoded.error().what);
        CHECK(*decoded == request);
      }
    }
  });
}

TEST_CASE("every answer comes back as it was, at every version") {
  for_each_request([]<class Request>() {
    using Response = typename Request::Response;
    static_assert(Response::kApi.key == Request::kApi.key);
    for (std::int16_t version = Request::kApi.oldest; version <= Request::kApi.newest; ++version) {
      for (unsigned seed = 0; seed < 20; ++seed) {
        CAPTURE(Request::kApi.name);
        CAPTURE(version);
        const auto response = Filler::filled<Response>(version, seed);
        const std::string frame = encode_response(response, version, 77);
        const auto decoded = decode_response<Response>(std::string_view(frame).substr(8), version);
        REQUIRE_MESSAGE(decoded, decoded.error().what);
        CHECK(*decoded == response);
      }
    }
  });
}
