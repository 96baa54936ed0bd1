// JSON values as text: JSON on one line or many, or YAML. Pure.
#pragma once
#include <string>

#include <nlohmann/json.hpp>

namespace penstock::cli {

std::string json_text(const nlohmann::ordered_json& value, bool one_line);
// A document; strings that YAML would take for something else are quoted.
std::string yaml_text(const nlohmann::ordered_json& value);

}  // namespace penstock::cli
