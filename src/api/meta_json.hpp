// The shared parts of the three resources between JSON and C++, for this folder's parsers and printers.
#pragma once
#include "fields.hpp"

#include <penstock/api/meta.hpp>

namespace penstock::api {

// The path that a place in the object starts from is empty: "spec.partitions", "metadata.name".
Meta read_meta(const Field& object, std::string_view kind);
PlatformRef read_platform_ref(const Field& spec);
Conditions read_conditions(const Field& status);  // none where they make no sense

Json print_object(std::string_view kind, const Meta& meta, Json spec, Json status);
Json print_platform_ref(const PlatformRef& ref);
// What every status begins with.
Json print_status_head(std::int64_t observed_generation, const Conditions& conditions);

// Kafka's rule for a topic's name, and ours: names that begin with two underscores are Kafka's own.
void check_topic_name(const std::string& name, const Field& at);

}  // namespace penstock::api
