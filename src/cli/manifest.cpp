#include <penstock/cli/manifest.hpp>

#include <yaml-cpp/yaml.h>

namespace penstock::cli {
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

}  // namespace

Result<std::vector<Json>> parse_manifest(const std::string& text) {
  std::vector<Json> objects;
  try {
    for (const YAML::Node& document : YAML::LoadAll(text))
      if (Json object = to_json(document); !object.is_null()) objects.push_back(std::move(object));
  } catch (const YAML::Exception& error) {
    return fail(Code::kInvalid, std::string("no YAML: ") + error.what(), Retry::never());
  }
  return objects;
}

}  // namespace penstock::cli
