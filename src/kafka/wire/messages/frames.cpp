// Encoding and decoding of each message, compiled once: they are a fifth of what the compiler makes of who calls them.
#include "../codec/codec.hpp"
#include "all.hpp"

namespace penstock::kafka::wire {

template <class Request>
std::string encode_request(const Request& request, std::int16_t version, std::int32_t correlation,
                           std::string_view client_id) {
  std::string frame(4, '\0');
  Writer header(frame, version, version >= Request::kApi.flexible);
  header.number(Request::kApi.key);
  header.number(version);
  header.number(correlation);
  header.short_string(client_id);  // classic even in the flexible header (KIP-482)
  if (version >= Request::kApi.flexible) header.varint(0);
  encode_body(frame, request, version);
  close_frame(frame);
  return frame;
}

template <class Response>
Result<Response> decode_response(std::string_view after_correlation_id, std::int16_t version) {
  Reader reader(after_correlation_id, version, version >= Response::kApi.flexible);
  if (has_tagged_response_header(Response::kApi, version)) reader.skip_tagged_fields();
  return decode_body<Response>(reader, version);
}

#define PENSTOCK_FRAMES(Request)                                                                     \
  template std::string encode_request(const Request&, std::int16_t, std::int32_t, std::string_view); \
  template Result<Request::Response> decode_response(std::string_view, std::int16_t);

PENSTOCK_EACH_REQUEST(PENSTOCK_FRAMES)

#undef PENSTOCK_FRAMES

}  // namespace penstock::kafka::wire
