// The spec of a ConsumerScaler between JSON and C++.
#pragma once
#include "meta_json.hpp"

#include <penstock/api/consumer_scaler.hpp>

namespace penstock::api {

Names<Engine> engine_names();
ConsumerScalerSpec read_consumer_scaler_spec(const Field& f);
Json print_consumer_scaler_spec(const ConsumerScalerSpec& spec);

}  // namespace penstock::api
