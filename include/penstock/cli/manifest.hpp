// Objects as people write them for kubectl: YAML, several documents to a file. Pure.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/json.hpp>

#include <string>
#include <vector>

namespace penstock::cli {

// Empty documents are left out. kInvalid says where the text is no YAML.
Result<std::vector<Json>> parse_manifest(const std::string& text);

}  // namespace penstock::cli
