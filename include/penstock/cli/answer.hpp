// What a source tells at one moment, in the two forms in which it is shown.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/cli/table.hpp>

#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace penstock::cli {

using OrderedJson = nlohmann::ordered_json;

enum class Sort { kLag, kDelay, kName };

struct Answer {
  Table table;
  Table more;                      // below it, after an empty line
  std::vector<std::string> notes;  // below both, likewise
  OrderedJson value;
  std::vector<std::string> problems;  // that the table doesn't show
  bool complete = true;               // false: something could not be read
};

class Source {
 public:
  virtual ~Source() = default;
  // The state of things now. An error when nothing at all can be told.
  virtual Result<Answer> read(std::stop_token stop) = 0;
};

// What stands for a number in a table. An error is never one.
inline constexpr const char* kUnknown = "unknown";

// "0s", "38s", "5m12s", "3h4m", "2d5h"; with a > before it when it may be more; - when nothing is
// known.
std::string short_delay(Duration age, bool at_least);

}  // namespace penstock::cli
