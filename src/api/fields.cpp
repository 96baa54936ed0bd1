#include "fields.hpp"

#include <penstock/base/quantity.hpp>

#include <cmath>

namespace penstock::api {

namespace {

constexpr int kMostProblems = 20;  // enough to repair a spec; an error message is no dump
constexpr Duration kLongest = 24h * 366;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// The length of the well-formed UTF-8 sequence at the start of text; 0 if there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_continuation(text[i])) return 0;
  const unsigned char second = byte(1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
      (lead == 0xF4 && second > 0x8F))
    return 0;
  return length;
}

std::optional<std::string> scalar_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  return std::nullopt;
}

}  // namespace

void Problems::add(std::string_view path, std::string_view must) {
  if (++count_ > kMostProblems) return;
  if (!text_.empty()) text_ += "; ";
  if (!path.empty()) text_.append(clipped(path, 512)).append(": ");
  text_.append(must);
}

void Problems::not_an_object(const std::string& path) {
  if (last_not_object_ == path) return;
  last_not_object_ = path;
  add(path, "must be an object");
}

Field::Field(const Json& value, std::string path, Problems& problems)
    : value_(value.is_null() ? nullptr : &value), path_(std::move(path)), problems_(&problems) {}

Field Field::operator[](std::string_view name) const {
  static const Json kAbsent;
  std::string path = path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  if (!present()) return {kAbsent, std::move(path), *problems_};
  if (!value_->is_object()) {
    problems_->not_an_object(path_);
    return {kAbsent, std::move(path), *problems_};
  }
  const auto found = value_->find(name);
  return {found == value_->end() ? kAbsent : *found, std::move(path), *problems_};
}

const Field& Field::required() const {
  if (!present()) wrong("must be set");
  return *this;
}

std::optional<std::string> Field::text_or_wrong() const {
  if (!present()) return std::nullopt;
  if (!value_->is_string()) {
    wrong("must be a string");
    return std::nullopt;
  }
  return value_->get<std::string>();
}

std::optional<std::int64_t> Field::number_or_wrong(std::int64_t least, std::int64_t most) const {
  if (!present()) return std::nullopt;
  std::optional<std::int64_t> number;
  if (value_->is_number_unsigned()) {
    const auto wide = value_->get<std::uint64_t>();
    if (wide <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      number = static_cast<std::int64_t>(wide);
  } else if (value_->is_number_integer()) {
    number = value_->get<std::int64_t>();
  } else if (value_->is_number_float()) {
    const auto real = value_->get<double>();
    if (real == std::floor(real) && std::abs(real) < 0x1p53) number = static_cast<std::int64_t>(real);
  }
  if (number && *number >= least && *number <= most) return number;
  if (least == 1 && most >= std::numeric_limits<int>::max())
    wrong("must be a positive number");
  else
    wrong("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

void Field::read(std::string& out) const {
  if (auto text = text_or_wrong()) out = std::move(*text);
}

void Field::read(bool& out) const {
  if (!present()) return;
  if (value_->is_boolean())
    out = value_->get<bool>();
  else
    wrong("must be true or false");
}

void Field::read(int& out, std::int64_t least, std::int64_t most) const {
  const auto top = std::min<std::int64_t>(most, std::numeric_limits<int>::max());
  if (const auto number = number_or_wrong(least, top)) out = static_cast<int>(*number);
}

void Field::read(std::int64_t& out, std::int64_t least, std::int64_t most) const {
  if (const auto number = number_or_wrong(least, most)) out = *number;
}

void Field::read(Duration& out) const {
  if (!present()) return;
  const auto duration = value_->is_string() ? parse_duration(value_->get<std::string>()) : std::nullopt;
  if (!duration || *duration <= Duration{0})
    wrong("must be a positive duration such as 30s, 5m, 2h or 7d");
  else if (*duration > kLongest)
    wrong("must be at most 366d");
  else
    out = *duration;
}

void Field::read(WallTime& out) const {
  if (!present()) return;
  const auto time = value_->is_string() ? parse_time(value_->get<std::string>()) : std::nullopt;
  if (time)
    out = *time;
  else
    wrong("must be a time such as 2026-01-01T00:00:00Z");
}

void Field::read(Strings& out) const {
  Strings list;
  const int before = problems_->count();
  for_each([&](const Field& item) {
    std::string text;
    item.required().read(text);
    list.push_back(std::move(text));
  });
  if (problems_->count() == before && present()) out = std::move(list);
}

void Field::read(StringMap& out) const {
  if (!present()) return;
  if (!value_->is_object()) return wrong("must be a map");
  for (const auto& [key, value] : value_->items()) {
    if (auto text = scalar_text(value))
      out[key] = std::move(*text);
    else
      problems_->add(path_ + "[" + key + "]", "must be a string, a number or a boolean");
  }
}

void Field::read_object(Json& out) const {
  if (!present()) return;
  if (value_->is_object())
    out = *value_;
  else
    wrong("must be an object");
}

void Field::read_list(Json& out) const {
  if (!present()) return;
  if (value_->is_array())
    out = *value_;
  else
    wrong("must be a list");
}

void Field::read_quantity(std::string& out) const {
  if (!present()) return;
  const auto text = value_->is_boolean() ? std::nullopt : scalar_text(*value_);
  const auto amount = text ? parse_quantity(*text) : std::nullopt;
  if (amount && *amount > 0)
    out = *text;
  else
    wrong("must be a positive quantity such as 10Gi");
}

void put(Json& out, const char* key, std::string_view text) {
  if (!text.empty()) out[key] = text;
}

void put(Json& out, const char* key, const Strings& list) {
  if (!list.empty()) out[key] = list;
}

void put(Json& out, const char* key, const StringMap& map) {
  if (!map.empty()) out[key] = map;
}

void put_object(Json& out, const char* key, Json object) {
  if (!object.empty()) out[key] = std::move(object);
}

std::string clipped(std::string_view text, std::size_t most) {
  static constexpr std::string_view kMore = "…";
  std::string out;
  std::size_t characters = 0;
  while (!text.empty()) {
    if (++characters == most && text.size() > sequence_length(text)) return out.append(kMore);
    const std::size_t length = sequence_length(text);
    out.append(length == 0 ? std::string_view("?") : text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

Strings clipped(const Strings& lines, std::size_t most_lines, std::size_t most) {
  Strings out;
  for (const auto& line : lines) {
    if (out.size() + 1 == most_lines && lines.size() > most_lines) {
      out.push_back("… and " + std::to_string(lines.size() - out.size()) + " more");
      break;
    }
    out.push_back(clipped(line, most));
  }
  return out;
}

}  // namespace penstock::api
