// What a Topic needs done, from what was seen: pure. Its status is a function of the observed world: what the actions
// change is seen, and said, at the next look.
#pragma once
#include <penstock/api/topic.hpp>
#include <penstock/operator/action.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace penstock::op::topic {

inline constexpr Duration kDriftCheck = 2min;    // spread by a tenth around it
inline constexpr Duration kVerify = 200ms;       // after a change: has it arrived?
inline constexpr Duration kConflictCheck = 30s;  // has the owner gone?
inline constexpr Duration kDeletionCheck = 15s;  // have the groups left?

enum class PlatformState { kAbsent, kNotReady, kReady };

struct Observed {
  api::Topic topic;
  PlatformState platform = PlatformState::kAbsent;
  std::string platform_problem;  // why it is not ready
  bool has_acls = false;
  bool platforms_namespace = true;  // the Topic lives beside its platform
  std::set<std::string> accounts;   // of the platform, by name
  bool namespace_terminating = false;
  std::optional<std::string> denied;  // what allowedNamespaces forbids
  std::string owner;                  // namespace/name of the older Topic that claims the same Kafka topic

  // Read from Kafka when the platform is ready and the Topic may use it.
  std::optional<kafka::TopicInfo> actual;
  std::vector<kafka::ConfigEntry> config;
  std::set<kafka::AclBinding> acls;
  std::vector<std::string> active_groups;  // read only for a deletion
  // Of the other Topics of this platform.
  std::set<kafka::AclBinding> wanted_by_others, owned_by_others;
};

Plan<api::TopicStatus> plan(const Observed& observed, WallTime now);

// The bindings that spec.access means. A principal that is one of the platform's accounts is both its users.
std::set<kafka::AclBinding> wanted_acls(const api::Topic& topic, const std::set<std::string>& accounts);
std::set<kafka::AclBinding> parse_acls(const std::vector<std::string>& ledger);

}  // namespace penstock::op::topic
