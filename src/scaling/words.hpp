// Numbers as a person reads them, the same on every machine.
#pragma once
#include <penstock/base/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::scaling {

std::string grouped(std::int64_t number);                        // "12,345"
std::string count(std::int64_t number, std::string_view thing);  // "1 replica", "12 replicas"
std::string partition_list(const std::vector<int>& partitions);  // "0, 3, 7 and 12 more"

}  // namespace penstock::scaling
