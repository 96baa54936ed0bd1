// What all three resources share: metadata, conditions, references.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/json.hpp>
#include <penstock/base/time.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::api {

inline constexpr std::string_view kApiVersion = "penstock.dev/v1alpha1";
inline constexpr std::string_view kFinalizer = "penstock.dev/finalizer";
namespace annotations {
inline constexpr std::string_view kPaused = "penstock.dev/paused";       // "true": observe and report only
inline constexpr std::string_view kPlanOnly = "penstock.dev/plan-only";  // "true": the plan goes to status.plan only
inline constexpr std::string_view kForceDelete = "penstock.dev/force-delete";
}  // namespace annotations

struct Meta {
  std::string name, ns, uid, resource_version;
  std::int64_t generation = 0;
  std::map<std::string, std::string> labels, annotations;
  std::vector<std::string> finalizers;
  std::optional<WallTime> created, deleted;

  bool flag(std::string_view annotation) const;  // the annotation is "true"
  bool has_finalizer() const;
  bool operator==(const Meta&) const = default;
};

// Of any of our objects, also one whose spec does not parse: what a condition or an event about it needs.
Result<Meta> parse_meta(const Json& object);

enum class ConditionStatus { kTrue, kFalse, kUnknown };

struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::kUnknown;
  std::string reason, message;
  std::int64_t observed_generation = 0;
  WallTime last_transition{};
  bool operator==(const Condition&) const = default;
};

class Conditions {
 public:
  const Condition* find(std::string_view type) const;
  bool is_true(std::string_view type) const;
  // last_transition moves only when the status does.
  void set(std::string type, ConditionStatus status, std::string reason, std::string message, std::int64_t generation,
           WallTime now);
  void remove(std::string_view type);
  const std::vector<Condition>& all() const { return items_; }  // sorted by type
  bool operator==(const Conditions&) const = default;

  static Result<Conditions> parse(const Json& list);
  Json print() const;

 private:
  std::vector<Condition> items_;
};

struct PlatformRef {
  std::string name;
  std::string ns;  // empty: the referrer's own
  bool operator==(const PlatformRef&) const = default;
};

// An ownerReference to this object, with controller: true.
Json owner_reference(std::string_view kind, const Meta& meta);

}  // namespace penstock::api
