// Standard base64 with padding (RFC 4648, 4), as the data of a Kubernetes Secret is written.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

std::string encode_base64(std::string_view bytes);
// nullopt for anything but canonical text.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace penstock
