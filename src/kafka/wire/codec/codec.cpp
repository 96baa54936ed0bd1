#include "codec.hpp"

#include "broker_side.hpp"

namespace penstock::kafka::wire {

void close_frame(std::string& frame) {
  std::string length;
  Writer(length, 0, false).number(static_cast<std::int32_t>(frame.size() - 4));
  frame.replace(0, 4, length);
}

RequestHeader read_header(std::string_view frame) {
  Reader reader(frame, 0, false);
  const auto key = reader.number<std::int16_t>();
  const auto version = reader.number<std::int16_t>();
  const auto correlation = reader.number<std::int32_t>();
  return reader.failed() ? RequestHeader{} : RequestHeader{key, version, correlation};
}

}  // namespace penstock::kafka::wire
