#include "consumer_protocol.hpp"

#include "../codec/reader.hpp"

namespace penstock::kafka::wire {

Result<ConsumerProtocolAssignment> decode_assignment(const Bytes& member_assignment) {
  ConsumerProtocolAssignment assignment;
  if (member_assignment.data.empty()) return assignment;
  Reader reader(member_assignment.data, 0, false);
  const auto version = reader.number<std::int16_t>();
  if (!reader.failed()) reader.message(assignment);
  if (reader.failed())
    return fail(Code::kInternal, "ConsumerProtocolAssignment v" + std::to_string(version) + ": " + reader.problem());
  return assignment;
}

}  // namespace penstock::kafka::wire
