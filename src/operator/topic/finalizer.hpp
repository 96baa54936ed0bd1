// The finalizer and the ledger of a Topic, as actions.
#pragma once
#include <penstock/operator/topic/plan.hpp>

namespace penstock::op::topic {

// Only where something in Kafka must be taken back when the Topic goes.
bool needs_finalizer(const api::Topic& topic, const api::TopicStatus& status);
PatchObject set_finalizer(const api::Meta& meta, bool present);
RecordStatus record(const api::Meta& meta, const api::TopicStatus& status, const std::string& why);

}  // namespace penstock::op::topic
