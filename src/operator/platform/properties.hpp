// A file of java.util.Properties.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace penstock::op::platform {

using Properties = std::vector<std::pair<std::string, std::string>>;

// One line for each; whatever a value holds, it stays on its line.
std::string print_properties(const Properties& properties);

}  // namespace penstock::op::platform
