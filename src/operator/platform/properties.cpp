#include "properties.hpp"

#include <cstdio>
#include <string_view>

namespace penstock::op::platform {
namespace {

// As UTF-16 has it, which may take two.
void append_unicode(std::string& out, char32_t code) {
  const auto append = [&out](unsigned unit) {
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", unit & 0xffffU);
    out += text;
  };
  if (code < 0x10000) return append(code);
  append(0xd800U + ((code - 0x10000U) >> 10U));
  append(0xdc00U + ((code - 0x10000U) & 0x3ffU));
}

// The character of UTF-8 that begins here; takes its bytes away but for the last.
char32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  char32_t code = first & (0x3fU >> more);
  for (std::size_t i = 0; i < more && text.size() > 1; ++i) {
    text.remove_prefix(1);
    code = code << 6U | (static_cast<unsigned char>(text.front()) & 0x3fU);
  }
  return code;
}

// Kafka's own tools read these files as Latin-1.
std::string escaped(std::string_view text, bool key) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    const auto byte = static_cast<unsigned char>(c);
    const bool special = c == '\\' || (key && (c == ' ' || c == ':' || c == '=' || c == '#' || c == '!'));
    const bool leading_space = out.empty() && c == ' ';
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      append_unicode(out, byte);
    } else if (byte >= 0x80) {
      append_unicode(out, take_character(text));
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
