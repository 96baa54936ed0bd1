// What a person typed and must type otherwise, in words that say how.
#pragma once
#include <penstock/base/error.hpp>

#include <string>

namespace penstock::cli {

inline std::unexpected<Error> invalid(std::string what) {
  return fail(Code::kInvalid, std::move(what), Retry::never());
}

}  // namespace penstock::cli
