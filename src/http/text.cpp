#include <penstock/http/server.hpp>
#include <penstock/http/transport.hpp>

#include <algorithm>

namespace penstock::http {
namespace {

std::string_view find(const Headers& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Headers::value_type::first);
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
  return find(headers, name);
}
std::string_view ServerRequest::header(std::string_view name) const {
  return find(headers, name);
}

// RFC 3986, section 2: everything but the unreserved characters.
std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (is_unreserved(byte)) {
      encoded += character;
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace penstock::http
