#include "crd.hpp"

#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include <yaml-cpp/yaml.h>

namespace penstock::test {

namespace {

Json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // it was quoted
  if (text == "true" || text == "false") return text == "true";
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  const Json number = Json::parse(text, nullptr, false);
  return number.is_number() ? number : Json(text);
}

Json to_json(const YAML::Node& node) {
  if (node.IsSequence()) {
    Json out = Json::array();
    for (const auto& item : node) out.push_back(to_json(item));
    return out;
  }
  if (node.IsMap()) {
    Json out = Json::object();
    for (const auto& entry : node) out[entry.first.Scalar()] = to_json(entry.second);
    return out;
  }
  return node.IsScalar() ? scalar(node) : Json();
}

Crd load(const std::string& plural) {
  Crd out;
  out.definition = read_yaml_file("helm/penstock/definitions/" + plural + ".penstock.dev.yaml");
  out.kind = out.definition.at("/spec/names/kind"_json_pointer).get<std::string>();
  out.schema = out.definition.at("/spec/versions/0/schema/openAPIV3Schema"_json_pointer);
  return out;
}

bool int_or_string(const Json& schema) {
  return schema.value("x-kubernetes-int-or-string", false);
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool has_type(const Json& schema, const Json& value) {
  if (int_or_string(schema)) return value.is_string() || value.is_number_integer();
  const std::string type = schema.value("type", "");
  return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
         (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
         (type == "integer" && value.is_number_integer());
}

void bounds(const Json& schema, const char* least, const char* most, double size, const std::string& path,
            std::vector<std::string>& out) {
  if (schema.contains(least) && size < schema.at(least).get<double>()) out.push_back(path + ": below " + least);
  if (schema.contains(most) && size > schema.at(most).get<double>()) out.push_back(path + ": above " + most);
}

void check(const Json& schema, const Json& value, const std::string& path, std::vector<std::string>& out);

void check_object(const Json& schema, const Json& value, const std::string& path, std::vector<std::string>& out) {
  bounds(schema, "minProperties", "maxProperties", static_cast<double>(value.size()), path, out);
  const Json required = schema.value("required", Json::array());
  for (const auto& name : required)
    if (!value.contains(name.get<std::string>())) out.push_back(path + "." + name.get<std::string>() + ": missing");
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, item] : value.items()) {
    if (properties.contains(name))
      check(properties.at(name), item, path + "." + name, out);
    else if (schema.contains("additionalProperties"))
      check(schema.at("additionalProperties"), item, path + "{}", out);
    else
      out.push_back(path + "." + name + ": not in the schema");
  }
}

void check(const Json& schema, const Json& value, const std::string& path, std::vector<std::string>& out) {
  if (!has_type(schema, value)) {
    out.push_back(path + ": wrong type: " + value.dump());
    return;
  }
  if (schema.contains("enum") && std::ranges::find(schema.at("enum"), value) == schema.at("enum").end())
    out.push_back(path + ": not in the enum: " + value.dump());
  if (value.is_object()) check_object(schema, value, path, out);
  if (value.is_number()) bounds(schema, "minimum", "maximum", value.get<double>(), path, out);
  if (value.is_array()) {
    bounds(schema, "minItems", "maxItems", static_cast<double>(value.size()), path, out);
    for (const auto& item : value) check(schema.at("items"), item, path + "[]", out);
  }
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    bounds(schema, "minLength", "maxLength", static_cast<double>(characters(text)), path, out);
    if (schema.contains("pattern") && !std::regex_match(text, std::regex(schema.at("pattern").get<std::string>())))
      out.push_back(path + ": not of the pattern: " + text);
  }
}

}  // namespace

std::string read_file(const std::string& path_in_source) {
  std::ifstream file(path_in_source);
  if (!file) throw std::runtime_error("no such file: " + path_in_source);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Json> read_yaml(const std::string& text) {
  std::vector<Json> out;
  for (const auto& document : YAML::LoadAll(text)) out.push_back(to_json(document));
  return out;
}

Json read_yaml_file(const std::string& path_in_source) {
  return read_yaml(read_file(path_in_source)).at(0);
}

const std::vector<Crd>& crds() {
  static const std::vector<Crd> kAll{load("eventplatforms"), load("topics"), load("consumerscalers")};
  return kAll;
}

const Crd& crd(std::string_view kind) {
  for (const auto& candidate : crds())
    if (candidate.kind == kind) return candidate;
  throw std::runtime_error("no such kind");
}

void walk(const Json& schema, const std::string& path, const Visit& visit) {
  visit(path, schema);
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items())
    walk(property, path.empty() ? name : path + "." + name, visit);
  if (schema.contains("items")) walk(schema.at("items"), path + "[]", visit);
  if (schema.contains("additionalProperties")) walk(schema.at("additionalProperties"), path + "{}", visit);
}

std::vector<std::string> violations(const Json& schema, const Json& value, const std::string& path) {
  std::vector<std::string> out;
  check(schema, value, path, out);
  return out;
}

void set_defaults(const Json& schema, Json& value) {
  if (value.is_array() && schema.contains("items"))
    for (auto& item : value) set_defaults(schema.at("items"), item);
  if (!value.is_object() || !schema.contains("properties")) return;
  for (const auto& [name, property] : schema.at("properties").items()) {
    if (!value.contains(name) && property.contains("default")) value[name] = property.at("default");
    if (value.contains(name)) set_defaults(property, value[name]);
  }
}

void normalize(const Json& schema, Json& value, const std::string& path) {
  // Presence alone says something here.
  const auto means_something_empty = [](const std::string& at) {
    return at.ends_with("external.tls") || at.ends_with("selector") || at.ends_with(".spec") || at == "spec";
  };
  if (int_or_string(schema) && value.is_number()) value = value.dump();
  if (value.is_array()) {
    for (auto& item : value) normalize(schema.at("items"), item, path + "[]");
    // Order says nothing in a set or a map.
    if (schema.value("x-kubernetes-list-type", "atomic") != "atomic") std::sort(value.begin(), value.end());
  }
  if (!value.is_object()) return;
  const Json properties = schema.value("properties", Json::object());
  for (auto entry = value.begin(); entry != value.end();) {
    const std::string at = path.empty() ? entry.key() : path + "." + entry.key();
    if (properties.contains(entry.key()))
      normalize(properties.at(entry.key()), *entry, at);
    else if (schema.contains("additionalProperties"))
      normalize(schema.at("additionalProperties"), *entry, path + "{}");
    if (entry->is_structured() && entry->empty() && !means_something_empty(at))
      entry = value.erase(entry);
    else
      ++entry;
  }
}

}  // namespace penstock::test
