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

namespace penstock::kafka::wire {

// Calls visit.template operator()<Request>() for each.
template <class Visit>
void for_each_request(Visit visit) {
  visit.template operator()<ApiVersionsRequest>();
  visit.template operator()<SaslHandshakeRequest>();
  visit.template operator()<SaslAuthenticateRequest>();
  visit.template operator()<MetadataRequest>();
  visit.template operator()<FindCoordinatorRequest>();
  visit.template operator()<ListOffsetsRequest>();
  visit.template operator()<OffsetFetchRequest>();
  visit.template operator()<ListGroupsRequest>();
  visit.template operator()<DescribeGroupsRequest>();
  visit.template operator()<ConsumerGroupDescribeRequest>();
  visit.template operator()<ShareGroupDescribeRequest>();
  visit.template operator()<StreamsGroupDescribeRequest>();
  visit.template operator()<DescribeShareGroupOffsetsRequest>();
}

}  // namespace penstock::kafka::wire
