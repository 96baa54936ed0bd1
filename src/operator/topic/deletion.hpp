// What happens when a Topic is deleted: its ACLs go, the Kafka topic only under deletionPolicy Delete.
#pragma once
#include <penstock/operator/topic/plan.hpp>

namespace penstock::op::topic {

Plan<api::TopicStatus> plan_deletion(const Observed& observed, WallTime now);

}  // namespace penstock::op::topic
