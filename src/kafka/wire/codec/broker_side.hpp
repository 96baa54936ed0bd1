// The broker's half of the codec, for fakes that answer a client of ours.
#pragma once
#include "codec.hpp"

namespace penstock::kafka::wire {

struct RequestHeader {
  std::int16_t key = -1, version = 0;
  std::int32_t correlation = 0;
};

// Of a frame without its length; too short a frame has key -1.
RequestHeader read_header(std::string_view frame);

// The request in a frame without its length, whose header says this kind and version.
template <class Request>
Result<Request> decode_request(std::string_view frame) {
  const std::int16_t version = read_header(frame).version;
  Reader reader(frame, version, version >= Request::kApi.flexible);
  reader.number<std::int64_t>();
  for (auto size = reader.number<std::int16_t>(); size > 0; --size) reader.number<std::int8_t>();  // the client id
  if (version >= Request::kApi.flexible) reader.skip_tagged_fields();
  return decode_body<Request>(reader, version);
}

// The whole frame with its length of 4 bytes.
template <class Response>
std::string encode_response(const Response& response, std::int16_t version, std::int32_t correlation) {
  std::string frame(4, '\0');
  Writer header(frame, version, false);
  header.number(correlation);
  if (has_tagged_response_header(Response::kApi, version)) header.varint(0);
  encode_body(frame, response, version);
  close_frame(frame);
  return frame;
}

}  // namespace penstock::kafka::wire
