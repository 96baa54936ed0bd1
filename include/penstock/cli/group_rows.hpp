// From what was read of a group and what the scaler's own engine makes of it to what is shown. Pure.
#pragma once
#include <penstock/cli/group_report.hpp>
#include <penstock/kafka/offset_reader.hpp>
#include <penstock/scaler/snapshot.hpp>

namespace penstock::cli {

struct RowOptions {
  std::vector<std::string> topics{};  // only these; empty: all
  bool partitions = false;
  bool named = false;  // a person asked for this group: then it must exist
};

// The entry is the engine's of the same sample, with lags by partition.
GroupRow row_of(const std::string& group, const kafka::Sample& sample, const scaler::Entry& entry,
                const RowOptions& options);

}  // namespace penstock::cli
