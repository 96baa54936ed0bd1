#include <penstock/cli/structured.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <yaml-cpp/yaml.h>

namespace penstock::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Words that YAML 1.1, as most readers speak it, takes for a truth value or nothing.
constexpr std::array<std::string_view, 10> kWords{"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"};

bool reads_back_as_text(const std::string& text) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto fine = [&](char c) {
    return letter(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || std::string_view("._/- ").contains(c);
  };
  if (text.empty() || !letter(text.front()) || text.back() == ' ' || !std::ranges::all_of(text, fine)) return false;
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(kWords, lower) == kWords.end();
}

void emit(YAML::Emitter& out, const std::string& text) {
  if (reads_back_as_text(text))
    out << text;
  else
    out << YAML::DoubleQuoted << text;
}

void emit(YAML::Emitter& out, const OrderedJson& value) {
  if (value.is_object()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [key, item] : value.items()) {
      out << YAML::Key;
      emit(out, key);
      out << YAML::Value;
      emit(out, item);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const auto& item : value) emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    emit(out, value.get_ref<const std::string&>());
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << value.dump();
  }
}

}  // namespace

std::string json_text(const OrderedJson& value, bool one_line) {
  return value.dump(one_line ? -1 : 2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string yaml_text(const OrderedJson& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace penstock::cli
