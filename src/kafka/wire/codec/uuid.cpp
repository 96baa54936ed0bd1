#include "field.hpp"

#include <penstock/base/base64.hpp>

#include <algorithm>
#include <string_view>

namespace penstock::kafka::wire {

std::string Uuid::to_string() const {
  std::string text = encode_base64(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()));
  text.resize(22);  // without its two signs of padding
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

}  // namespace penstock::kafka::wire
