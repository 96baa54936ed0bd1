#include <penstock/operator/status_writer.hpp>

namespace penstock::op {

using api::ConditionStatus;

Json identity(std::string_view kind, const api::Meta& meta) {
  return {{"apiVersion", api::kApiVersion},
          {"kind", kind},
          {"metadata", {{"name", meta.name}, {"namespace", meta.ns}, {"uid", meta.uid}}}};
}

Json status_object(std::string_view kind, const api::Meta& meta, Json status) {
  Json object = identity(kind, meta);
  object["status"] = std::move(status);
  return object;
}

void set_ready(api::Conditions& conditions, std::int64_t generation, WallTime now, ConditionStatus ready,
               std::string_view its_reason, std::string_view its_message, bool stalled) {
  // They may be another condition's, which moves when these are set.
  const std::string reason(its_reason), message(its_message);
  const bool well = ready == ConditionStatus::kTrue;
  conditions.set("Ready", ready, reason, message, generation, now);
  if (!well && !stalled) {
    conditions.set("Reconciling", ConditionStatus::kTrue, reason, message, generation, now);
  } else {
    conditions.set("Reconciling", ConditionStatus::kFalse, "Settled", "", generation, now);
  }
  if (stalled) {
    conditions.set("Stalled", ConditionStatus::kTrue, reason, message, generation, now);
  } else {
    conditions.set("Stalled", ConditionStatus::kFalse, "NotStalled", "", generation, now);
  }
}

namespace {

std::string reason_of(Code code) {
  switch (code) {
    case Code::kInvalid:
      return "Invalid";
    case Code::kNotFound:
      return "NotFound";
    case Code::kAlreadyExists:
    case Code::kConflict:
      return "Conflict";
    case Code::kUnauthorized:
      return "AuthenticationFailed";
    case Code::kForbidden:
      return "Forbidden";
    case Code::kGone:
      return "Gone";
    case Code::kThrottled:
      return "Throttled";
    case Code::kTimeout:
      return "Timeout";
    case Code::kUnavailable:
      return "Unavailable";
    case Code::kUnsupported:
      return "Unsupported";
    case Code::kCancelled:
      return "Cancelled";
    case Code::kInternal:
      return "InternalError";
  }
  return "InternalError";
}

}  // namespace

void set_failed(api::Conditions& conditions, std::int64_t generation, WallTime now, const Error& error) {
  set_ready(conditions, generation, now, ConditionStatus::kFalse, reason_of(error.code), error.what,
            error.retry.when == Retry::When::kNever);
}

void keep_transitions(const api::Conditions& before, api::Conditions& after) {
  for (const api::Condition& was : before.all()) {
    const api::Condition* found = after.find(was.type);
    if (!found || found->status != was.status || found->last_transition == was.last_transition) continue;
    const api::Condition is = *found;
    after.remove(is.type);
    after.set(is.type, is.status, is.reason, is.message, is.observed_generation, was.last_transition);
  }
}

}  // namespace penstock::op
