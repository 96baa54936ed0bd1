// The broker's half of frames.cpp, in a file of its own, so that our programs are not linked to it.
#include "../codec/broker_side.hpp"
#include "all.hpp"

namespace penstock::kafka::wire {

template <class Request>
Result<Request> decode_request(std::string_view frame) {
  const std::int16_t version = read_header(frame).version;
  Reader reader(frame, version, version >= Request::kApi.flexible);
  reader.number<std::int64_t>();
  for (auto size = reader.number<std::int16_t>(); size > 0; --size) reader.number<std::int8_t>();  // the client id
  if (version >= Request::kApi.flexible) reader.skip_tagged_fields();
  return decode_body<Request>(reader, version);
}

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

#define PENSTOCK_FRAMES(Request)                             \
  template Result<Request> decode_request(std::string_view); \
  template std::string encode_response(const Request::Response&, std::int16_t, std::int32_t);

PENSTOCK_EACH_REQUEST(PENSTOCK_FRAMES)

#undef PENSTOCK_FRAMES

}  // namespace penstock::kafka::wire
