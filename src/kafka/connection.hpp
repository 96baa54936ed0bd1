// What can be said against a connection before anything is sent.
#pragma once
#include <penstock/kafka/types.hpp>

namespace penstock::kafka {

// kInvalid, never quoting a secret.
Result<void> check(const Connection& connection);
// The part of it that is about credentials: they must be there, of a mechanism that we speak, and not travel in clear.
Result<void> check(const Sasl& sasl, bool tls);

}  // namespace penstock::kafka
