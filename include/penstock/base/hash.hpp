// A hash that is the same on every machine and in every version, for names and change detection; not for security.
#pragma once
#include <string>
#include <string_view>

namespace penstock {

// FNV-1a, 64 bits, as 16 hexadecimal digits.
std::string stable_hash(std::string_view text);

}  // namespace penstock
