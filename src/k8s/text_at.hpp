// Texts of objects that may lack them.
#pragma once
#include <penstock/base/json.hpp>

#include <string>

namespace penstock::k8s {

inline std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace penstock::k8s
