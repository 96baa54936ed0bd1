// Failure as a value: every function of Penstock that can fail returns Result<T>. An Error knows what happened to which
// object, what a person can do about it, and whether trying again can help.
#pragma once
#include <penstock/base/time.hpp>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

enum class Code {
  kInvalid,  // the input is wrong; the same call fails for ever
  kNotFound,
  kAlreadyExists,
  kConflict,      // somebody else changed or owns the thing
  kUnauthorized,  // who are you: credentials missing, wrong or expired
  kForbidden,     // you may not
  kGone,          // HTTP 410, a watch too old
  kThrottled,     // HTTP 429, quota
  kTimeout,
  kUnavailable,  // nobody answers, or answers 5xx
  kUnsupported,  // the other side is too old for this
  kCancelled,    // our own stop
  kInternal,     // a defect
};

std::string_view to_string(Code code);

struct Retry {
  enum class When { kNever, kLater, kAfter };
  When when = When::kLater;
  Duration delay{};  // only for kAfter: what the other side asked for

  static Retry never() { return {When::kNever, {}}; }
  static Retry later() { return {When::kLater, {}}; }
  static Retry after(Duration delay) { return {When::kAfter, delay}; }
  bool operator==(const Retry&) const = default;
};

struct Error {
  Code code = Code::kInternal;
  std::string what;
  Retry retry = Retry::later();

  // "unavailable: connecting to 127.0.0.1:9092: refused"
  std::string to_string() const;
};

template <class T>
using Result = std::expected<T, Error>;

std::unexpected<Error> fail(Code code, std::string what, Retry retry = Retry::later());
// The same error with what was being done put before it.
std::unexpected<Error> fail(std::string_view doing, const Error& cause);

}  // namespace penstock
