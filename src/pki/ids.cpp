#include <penstock/pki/ids.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace penstock::pki {
namespace {

using Id = std::array<std::uint8_t, 16>;
constexpr std::uint8_t kDashBits = 62;  // '-' in base64url

bool begins_with_dash(const Id& id) {
  return id[0] >> 2 == kDashBits;
}

std::string base64url(const Id& id) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned bits = 0, held = 0;
  for (const std::uint8_t byte : id) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 6; held -= 6) text += kAlphabet[bits >> (held - 6) & 63];
  }
  return text + kAlphabet[bits << (6 - held) & 63];
}

}  // namespace

std::string random_uuid_base64() {
  Id id;
  do {
    if (RAND_bytes(id.data(), static_cast<int>(id.size())) != 1)
      throw std::runtime_error("the system gives no randomness");
  } while (begins_with_dash(id));
  return base64url(id);
}

std::string derived_id(std::string_view seed) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(seed.data(), seed.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 isn't available");
  Id id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  if (begins_with_dash(id)) id[0] &= 0x7f;
  return base64url(id);
}

}  // namespace penstock::pki
