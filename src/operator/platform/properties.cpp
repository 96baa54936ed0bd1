#include "properties.hpp"

#include <cstdio>
#include <string_view>

namespace penstock::op::platform {
namespace {

std::string escaped(std::string_view text, bool key) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool special = c == '\\' || (key && (c == ' ' || c == ':' || c == '=' || c == '#' || c == '!'));
    const bool leading_space = out.empty() && c == ' ';
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", byte);
      out += code;
    } else {
      if (special || leading_space) out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string print_properties(const Properties& properties) {
  std::string out;
  for (const auto& [key, value] : properties) out += escaped(key, true) + "=" + escaped(value, false) + "\n";
  return out;
}

}  // namespace penstock::op::platform
