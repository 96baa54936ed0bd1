// JSON is nlohmann's, with object keys sorted, so that the same value is always the same text.
#pragma once
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace penstock {
using Json = nlohmann::json;
}

// Compiled once, in json.cpp: without optimisation it was a third of what the compiler made of most files.
extern template class nlohmann::basic_json<>;
extern template class nlohmann::detail::iter_impl<const penstock::Json>;
extern template class std::map<std::string, penstock::Json, std::less<>>;
extern template class std::vector<penstock::Json>;
