#include "scram.hpp"

#include <penstock/base/base64.hpp>

#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace penstock::kafka::wire {
namespace {

constexpr std::size_t kLongestNonce = 1024, kLongestSalt = 1024;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::size_t size_of(const EVP_MD* hash) {
  return static_cast<std::size_t>(EVP_MD_get_size(hash));
}

std::string hmac(const EVP_MD* hash, std::string_view key, std::string_view data) {
  std::string out(size_of(hash), '\0');
  HMAC(hash, key.data(), static_cast<int>(key.size()), bytes(data), data.size(), bytes(out), nullptr);
  return out;
}

std::string digest(const EVP_MD* hash, std::string_view data) {
  std::string out(size_of(hash), '\0');
  EVP_Digest(data.data(), data.size(), bytes(out), nullptr, hash, nullptr);
  return out;
}

std::unexpected<Error> refuse(const std::string& why) {
  return fail(Code::kUnauthorized, "SCRAM: the broker " + why);
}

// Takes "x=value" off the front, up to a comma.
std::optional<std::string_view> take(std::string_view& message, std::string_view name) {
  if (!message.starts_with(name)) return std::nullopt;
  const auto end = std::min(message.find(','), message.size());
  const auto value = message.substr(name.size(), end - name.size());
  message.remove_prefix(std::min(end + 1, message.size()));
  return value;
}

// A comma and an equals sign would end the name (RFC 5802, 5.1).
std::string escape(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',')
      out += "=2C";
    else if (c == '=')
      out += "=3D";
    else
      out += c;
  }
  return out;
}

}  // namespace

Scram::Scram(Hash hash, std::string_view username, std::string password, std::string nonce)
    : hash_(hash == Hash::kSha256 ? EVP_sha256() : EVP_sha512()),
      password_(std::move(password)),
      nonce_(std::move(nonce)),
      client_first_bare_("n=" + escape(username) + ",r=" + nonce_) {}

std::string Scram::random_nonce() {
  std::string random(24, '\0');
  if (RAND_bytes(bytes(random), static_cast<int>(random.size())) != 1) throw std::runtime_error("no randomness");
  return encode_base64(random);
}

std::string Scram::start() {
  return "n,," + client_first_bare_;
}

Result<std::optional<std::string>> Scram::step(std::string_view server) {
  switch (state_) {
    case State::kFirst: {
      auto proof = prove(server);
      if (!proof) return std::unexpected(proof.error());
      state_ = State::kFinal;
      return std::optional(std::move(*proof));
    }
    case State::kFinal: {
      if (const auto checked = check(server); !checked) return std::unexpected(checked.error());
      state_ = State::kDone;
      return std::optional<std::string>();
    }
    case State::kDone:
      break;
  }
  return refuse("goes on after the end");
}

Result<std::string> Scram::prove(std::string_view server_first) {
  std::string_view rest = server_first;
  const auto nonce = take(rest, "r="), salt_text = take(rest, "s="), count = take(rest, "i=");
  if (!nonce || !salt_text || !count) return refuse("sent a first message that can't be read");
  if (!nonce->starts_with(nonce_) || nonce->size() == nonce_.size() || nonce->size() > kLongestNonce)
    return refuse("doesn't go on from our nonce");
  const auto salt = salt_text->size() > kLongestSalt ? std::nullopt : decode_base64(*salt_text);
  if (!salt || salt->empty()) return refuse("sent a salt that isn't one");
  int iterations = 0;
  const auto [end, error] = std::from_chars(count->data(), count->data() + count->size(), iterations);
  if (error != std::errc() || end != count->data() + count->size() || iterations < kFewestIterations ||
      iterations > kMostIterations)
    return refuse("asks for a number of iterations outside of " + std::to_string(kFewestIterations) + " to " +
                  std::to_string(kMostIterations));

  std::string salted(size_of(hash_), '\0');
  PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), bytes(std::string_view(*salt)),
                    static_cast<int>(salt->size()), iterations, hash_, static_cast<int>(salted.size()), bytes(salted));
  const std::string without_proof = "c=biws,r=" + std::string(*nonce);
  const std::string signed_text = client_first_bare_ + "," + std::string(server_first) + "," + without_proof;
  std::string proof = hmac(hash_, salted, "Client Key");
  const std::string signature = hmac(hash_, digest(hash_, proof), signed_text);
  for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
  server_signature_ = hmac(hash_, hmac(hash_, salted, "Server Key"), signed_text);
  return without_proof + ",p=" + encode_base64(proof);
}

Result<void> Scram::check(std::string_view server_final) const {
  std::string_view rest = server_final;
  if (const auto error = take(rest, "e=")) return refuse("refuses: " + std::string(error->substr(0, 200)));
  const auto value = take(rest, "v=");
  const auto signature = value ? decode_base64(*value) : std::nullopt;
  if (!signature || signature->size() != server_signature_.size() ||
      CRYPTO_memcmp(signature->data(), server_signature_.data(), signature->size()) != 0)
    return refuse("can't prove that it knows the password");
  return {};
}

}  // namespace penstock::kafka::wire
