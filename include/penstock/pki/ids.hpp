// Kafka's 128-bit ids (cluster, directory, topic) as Kafka writes them: 22 characters of unpadded base64url, never with
// a '-' first, which its tools would take for an option (KIP-516, KIP-853).
#pragma once
#include <string>
#include <string_view>

namespace penstock::pki {

// Throws std::runtime_error when the system has no randomness to give.
std::string random_uuid_base64();
// The same seed gives the same id everywhere and for ever: the first 16 bytes of its SHA-256.
std::string derived_id(std::string_view seed);

}  // namespace penstock::pki
