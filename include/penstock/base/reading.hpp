// One number that was asked for, or why there is none. An error is never a number.
#pragma once
#include <penstock/base/error.hpp>

#include <cstdint>

namespace penstock {

inline const Error kNotRead{Code::kUnavailable, "was not read", Retry::later()};

// What stands for an absence that is known: a group that has no commit for a partition, a time after which no record
// is.
inline constexpr std::int64_t kNoCommit = -1;
inline constexpr std::int64_t kNoOffset = -1;

struct Reading {
  std::int64_t value = 0;          // means something only without an error
  const Error* error = &kNotRead;  // nullptr: the value is known; else it outlives whatever holds the reading

  static Reading of(std::int64_t value) { return {value, nullptr}; }
  static Reading failed(const Error& error) { return {0, &error}; }
  bool known() const { return error == nullptr; }
};

}  // namespace penstock
