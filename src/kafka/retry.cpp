#include "retry.hpp"

namespace penstock::kafka {

Retry retry_of(Code code) {
  switch (code) {
    case Code::kInvalid:
    case Code::kAlreadyExists:
    case Code::kUnsupported:
      return Retry::never();
    case Code::kThrottled:
      // A throttled item doesn't say for how long; controller mutation quotas are counted over windows of a
      // second (controller.quota.window.size.seconds).
      return Retry::after(1s);
    default:
      return Retry::later();
  }
}

bool may_pass(Code code) {
  return code == Code::kUnavailable || code == Code::kTimeout || code == Code::kThrottled;
}

}  // namespace penstock::kafka
