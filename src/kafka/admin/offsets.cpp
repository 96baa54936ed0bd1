#include "offsets.hpp"

#include <map>

namespace penstock::kafka {
namespace {

OffsetOf read_one(const rd_kafka_topic_partition_t& found) {
  OffsetOf one{found.topic, found.partition, found.offset, false};
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    one.offset = std::unexpected(to_error(found.err, nullptr));
    one.stale = metadata_is_stale(found.err);
  } else if (found.offset < 0) {
    one.offset = fail(Code::kUnavailable, "its leader did not answer");
    one.stale = true;
  }
  return one;
}

}  // namespace

void submit_offsets(Batch& batch, std::span<const Place> places, Edge edge,
                    std::function<void(std::vector<OffsetOf>)> answer) {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(places.size())));
  const std::int64_t which = edge == Edge::kStart ? RD_KAFKA_OFFSET_SPEC_EARLIEST : RD_KAFKA_OFFSET_SPEC_LATEST;
  std::vector<std::pair<std::string, int>> asked;
  asked.reserve(places.size());
  for (const Place& place : places) {
    rd_kafka_topic_partition_list_add(list.get(), place.topic->c_str(), place.partition)->offset = which;
    asked.emplace_back(*place.topic, place.partition);
  }
  batch.submit(
      RD_KAFKA_ADMIN_OP_LISTOFFSETS,
      [&](rd_kafka_t* rk, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        const Owned<rd_kafka_error_t, rd_kafka_error_destroy> refused(rd_kafka_AdminOptions_set_isolation_level(
            options, edge == Edge::kStableEnd ? RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED
                                              : RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED));
        rd_kafka_ListOffsets(rk, list.get(), options, queue);
      },
      [asked = std::move(asked), answer = std::move(answer)](const Result<const rd_kafka_event_t*>& event) {
        std::vector<OffsetOf> offsets;
        offsets.reserve(asked.size());
        if (!event) {
          for (const auto& [topic, partition] : asked)
            offsets.push_back({topic, partition, std::unexpected(event.error()), true});
        } else {
          std::size_t count = 0;
          const auto** infos = rd_kafka_ListOffsets_result_infos(*event, &count);
          for (const auto* info : std::span(infos, count))
            offsets.push_back(read_one(*rd_kafka_ListOffsetsResultInfo_topic_partition(info)));
        }
        answer(std::move(offsets));
      });
}

}  // namespace penstock::kafka
