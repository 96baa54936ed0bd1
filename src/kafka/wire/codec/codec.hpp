// Requests to frames and answers to structs, and the other way round for fakes of a broker.
//
//   std::string frame = encode_request(ListOffsetsRequest{…}, version, correlation, "penstock");
//   Result<ListOffsetsResponse> answer = decode_response<ListOffsetsResponse>(bytes_after_the_correlation_id, version);
//
// A request has `kApi` and `Response`, a response has `kApi`. Nothing here keeps state; any thread may call it.
#pragma once
#include "reader.hpp"
#include "writer.hpp"

#include <penstock/base/error.hpp>

namespace penstock::kafka::wire {

inline constexpr std::int16_t kApiVersionsKey = 18;

// ApiVersions answers with the oldest header, for it is asked before the versions are known (KIP-511).
constexpr bool has_tagged_response_header(const Api& api, std::int16_t version) {
  return version >= api.flexible && api.key != kApiVersionsKey;
}

template <class Message>
void encode_body(std::string& out, const Message& message, std::int16_t version) {
  Writer(out, version, version >= Message::kApi.flexible).message(message);
}

// kInternal for bytes that aren't such a message: "ListOffsets v7: field Topics.Name: 12 bytes needed, 3 left, at byte
// 40". What follows the message is left alone, as Kafka's own clients do.
template <class Message>
Result<Message> decode_body(Reader& reader, std::int16_t version) {
  Message message;
  if (!reader.failed()) reader.message(message);
  if (!reader.failed()) return message;
  return fail(Code::kInternal,
              std::string(Message::kApi.name) + " v" + std::to_string(version) + ": " + reader.problem());
}

// Puts a frame's length before it.
void close_frame(std::string& frame);

// The whole frame with its length of 4 bytes. Compiled in messages/frames.cpp for the requests of messages/all.hpp.
template <class Request>
std::string encode_request(const Request& request, std::int16_t version, std::int32_t correlation,
                           std::string_view client_id);

template <class Response>
Result<Response> decode_response(std::string_view after_correlation_id, std::int16_t version);

}  // namespace penstock::kafka::wire
