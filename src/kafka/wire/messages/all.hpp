// Every request that we speak, as one list, for what goes over all of them.
#pragma once
#include "api_versions.hpp"
#include "consumer_group_describe.hpp"
#include "find_coordinator.hpp"
#include "groups.hpp"
#include "list_offsets.hpp"
#include "metadata.hpp"
#include "offset_fetch.hpp"
#include "sasl.hpp"
#include "share_groups.hpp"
#include "streams_group_describe.hpp"

// X(Request) for each.
#define PENSTOCK_EACH_REQUEST(X)  \
  X(ApiVersionsRequest)           \
  X(SaslHandshakeRequest)         \
  X(SaslAuthenticateRequest)      \
  X(MetadataRequest)              \
  X(FindCoordinatorRequest)       \
  X(ListOffsetsRequest)           \
  X(OffsetFetchRequest)           \
  X(ListGroupsRequest)            \
  X(DescribeGroupsRequest)        \
  X(ConsumerGroupDescribeRequest) \
  X(ShareGroupDescribeRequest)    \
  X(StreamsGroupDescribeRequest)  \
  X(DescribeShareGroupOffsetsRequest)

namespace penstock::kafka::wire {

// Calls visit.template operator()<Request>() for each.
template <class Visit>
void for_each_request(Visit visit) {
#define PENSTOCK_VISIT(Request) visit.template operator()<Request>();
  PENSTOCK_EACH_REQUEST(PENSTOCK_VISIT)
#undef PENSTOCK_VISIT
}

}  // namespace penstock::kafka::wire
