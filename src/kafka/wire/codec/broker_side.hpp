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

// The request in a frame without its length, whose header says this kind and version. Both are compiled in
// messages/broker_frames.cpp for the requests of messages/all.hpp.
template <class Request>
Result<Request> decode_request(std::string_view frame);

// The whole frame with its length of 4 bytes.
template <class Response>
std::string encode_response(const Response& response, std::int16_t version, std::int32_t correlation);

}  // namespace penstock::kafka::wire
