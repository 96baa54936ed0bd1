// Whether a later attempt can help after an error of Kafka's, for both of our clients.
#pragma once
#include <penstock/base/error.hpp>

namespace penstock::kafka {

Retry retry_of(Code code);
// A state of the cluster that ends by itself: what was known before may stand for a while.
bool may_pass(Code code);

}  // namespace penstock::kafka
