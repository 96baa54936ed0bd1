// What can be said against a connection before anything is sent.
#pragma once
#include <penstock/kafka/types.hpp>

namespace penstock::kafka {

// kInvalid, never quoting a secret.
Result<void> check(const Connection& connection);

}  // namespace penstock::kafka
