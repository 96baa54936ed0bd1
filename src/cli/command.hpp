// What commands have in common.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/json.hpp>
#include <penstock/cli/console.hpp>

#include <string>
#include <string_view>

namespace penstock::cli {

// Exit statuses.
inline constexpr int kOk = 0, kUnread = 1, kUsage = 2;

// kUsage.
int complain(Console& console, const Error& error);

// The first object of this kind in a file of manifests.
Result<Json> object_in(const std::string& file, std::string_view kind);

}  // namespace penstock::cli
