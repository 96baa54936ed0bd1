#include <penstock/base/error.hpp>

namespace penstock {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kInvalid:
      return "invalid";
    case Code::kNotFound:
      return "not found";
    case Code::kAlreadyExists:
      return "already exists";
    case Code::kConflict:
      return "conflict";
    case Code::kUnauthorized:
      return "unauthorized";
    case Code::kForbidden:
      return "forbidden";
    case Code::kGone:
      return "gone";
    case Code::kThrottled:
      return "throttled";
    case Code::kTimeout:
      return "timeout";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kCancelled:
      return "cancelled";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

std::string Error::to_string() const {
  return std::string(penstock::to_string(code)) + ": " + what;
}

std::unexpected<Error> fail(Code code, std::string what, Retry retry) {
  return std::unexpected(Error{code, std::move(what), retry});
}

std::unexpected<Error> fail(std::string_view doing, const Error& cause) {
  return std::unexpected(Error{cause.code, std::string(doing) + ": " + cause.what, cause.retry});
}

}  // namespace penstock
