// Every request that we speak, as one list, for what goes over all of them.
#pragma once
#include "api_versions.hpp"
#include "metadata.hpp"
#include "sasl.hpp"

namespace penstock::kafka::wire {

// Calls visit.template operator()<Request>() for each.
template <class Visit>
void for_each_request(Visit visit) {
  visit.template operator()<ApiVersionsRequest>();
  visit.template operator()<SaslHandshakeRequest>();
  visit.template operator()<SaslAuthenticateRequest>();
  visit.template operator()<MetadataRequest>();
}

}  // namespace penstock::kafka::wire
