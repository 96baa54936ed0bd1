#include <penstock/base/metrics.hpp>

#include <prometheus/text_serializer.h>

namespace penstock::metrics {

prometheus::Registry& registry() {
  static prometheus::Registry instance;
  return instance;
}

std::string expose() {
  return prometheus::TextSerializer{}.Serialize(registry().Collect());
}

}  // namespace penstock::metrics
