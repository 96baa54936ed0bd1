// Java's .properties format, in which Kafka's clients are configured. Pure.
#pragma once
#include <penstock/base/error.hpp>

#include <map>
#include <string>
#include <string_view>

namespace penstock::cli {

using Properties = std::map<std::string, std::string>;

// As java.util.Properties reads it: comments (# and !), `key=value`, `key: value` and `key value`, lines that go on
// after a backslash, escapes; the last of a key counts. kInvalid for an escape that is none.
Result<Properties> parse_properties(std::string_view text);

}  // namespace penstock::cli
