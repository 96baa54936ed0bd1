#include <penstock/base/json.hpp>

template class nlohmann::basic_json<>;
template class nlohmann::detail::iter_impl<const penstock::Json>;
template class std::map<std::string, penstock::Json, std::less<>>;
template class std::vector<penstock::Json>;
