// Kafka's and librdkafka's error codes as ours.
#pragma once
#include <penstock/base/error.hpp>

#include <librdkafka/rdkafka.h>

namespace penstock::kafka {

Code code_of(rd_kafka_resp_err_t error);

// `words`: what the broker or librdkafka said; may be null or empty, then the code's own description stands in.
Error to_error(rd_kafka_resp_err_t error, const char* words);
// Null means success.
std::optional<Error> to_error(const rd_kafka_error_t* error);

}  // namespace penstock::kafka
