#include <penstock/cli/properties.hpp>

#include <charconv>

namespace penstock::cli {
namespace {

constexpr std::string_view kBlanks = " \t\f";

std::string_view without_blanks_before(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

// Whether the line goes on: it ends in a backslash that is not itself escaped.
bool goes_on(std::string_view line) {
  const auto last = line.find_last_not_of('\\');
  const std::size_t backslashes = line.size() - (last == std::string_view::npos ? 0 : last + 1);
  return backslashes % 2 == 1;
}

// The next line as a person means it, with what it goes on with; what is left comes back in `text`.
std::string take_line(std::string_view& text) {
  std::string line;
  for (;;) {
    const auto end = text.find_first_of("\r\n");
    const std::string_view natural = without_blanks_before(text.substr(0, end));
    const bool windows = end != std::string_view::npos && text.substr(end, 2) == "\r\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + (windows ? 2 : 1));
    const bool comment = line.empty() && !natural.empty() && (natural.front() == '#' || natural.front() == '!');
    if (comment) return {};
    line += natural;
    if (!goes_on(natural)) return line;
    line.pop_back();
    if (text.empty()) return line;
  }
}

void add_utf8(std::string& to, unsigned code) {
  if (code < 0x80) {
    to += static_cast<char>(code);
  } else if (code < 0x800) {
    to += static_cast<char>(0xc0 | (code >> 6));
    to += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    to += static_cast<char>(0xe0 | (code >> 12));
    to += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    to += static_cast<char>(0x80 | (code & 0x3f));
  }
}

Result<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    if (next == 'u') {
      unsigned code = 0;
      const std::string_view digits = text.substr(i + 1, 4);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
      if (error != std::errc{} || digits.size() != 4 || end != digits.data() + 4)
        return fail(Code::kInvalid, "\\u is not followed by four hexadecimal digits", Retry::never());
      add_utf8(out, code);
      i += 4;
      continue;
    }
    constexpr std::string_view kLetters = "tnrf", kMeanings = "\t\n\r\f";
    const auto letter = kLetters.find(next);
    out += letter == std::string_view::npos ? next : kMeanings[letter];
  }
  return out;
}

// Where the key ends: at the first separator that is not escaped.
std::size_t end_of_key(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (line[i] == '=' || line[i] == ':' || kBlanks.contains(line[i]))
      return i;
  }
  return line.size();
}

}  // namespace

Result<Properties> parse_properties(std::string_view text) {
  Properties properties;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  while (!text.empty()) {
    const std::string line = take_line(text);
    if (line.empty()) continue;
    const std::size_t end = end_of_key(line);
    std::string_view rest = without_blanks_before(std::string_view(line).substr(end));
    if (!rest.empty() && (rest.front() == '=' || rest.front() == ':')) rest = without_blanks_before(rest.substr(1));
    const auto key = unescaped(std::string_view(line).substr(0, end));
    if (!key) return std::unexpected(key.error());
    const auto value = unescaped(rest);
    if (!value) return fail(*key, value.error());
    properties[*key] = *value;
  }
  return properties;
}

}  // namespace penstock::cli
