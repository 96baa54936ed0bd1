#include "acls.hpp"

#include <penstock/api/event_platform.hpp>

#include <algorithm>
#include <array>

namespace penstock::op::topic {

using kafka::AclBinding;
using kafka::Operation;
using kafka::PatternType;
using kafka::ResourceType;

namespace {

constexpr std::string_view kUser = "User:";
constexpr std::array<std::string_view, 3> kOurs{"User:CN=penstock-operator", "User:CN=penstock-scaler",
                                                "User:CN=kafka-node"};

std::vector<std::string> principals_of(const std::string& principal, const std::set<std::string>& accounts) {
  const std::string user = principal.substr(std::min(kUser.size(), principal.size()));
  if (!accounts.contains(user)) return {principal};
  const auto both = api::users_of(principal);
  return {both.begin(), both.end()};
}

}  // namespace

std::set<AclBinding> wanted_acls(const api::Topic& topic, const std::set<std::string>& accounts) {
  std::set<AclBinding> out;
  for (const api::Access& access : topic.spec.access) {
    const auto principals = principals_of(access.principal, accounts);
    const auto allow = [&](ResourceType resource, const std::string& name, PatternType pattern, Operation operation) {
      for (const std::string& principal : principals)
        out.insert(
            {.resource = resource, .name = name, .pattern = pattern, .principal = principal, .operation = operation});
    };
    const std::string& name = topic.kafka_name();
    switch (access.role) {
      case api::AccessRole::kProducer:
        allow(ResourceType::kTopic, name, PatternType::kLiteral, Operation::kWrite);
        allow(ResourceType::kTopic, name, PatternType::kLiteral, Operation::kDescribe);
        if (!access.transactional_id_prefix.empty())
          for (const Operation operation : {Operation::kWrite, Operation::kDescribe})
            allow(ResourceType::kTransactionalId, access.transactional_id_prefix, PatternType::kPrefixed, operation);
        break;
      case api::AccessRole::kConsumer:
        allow(ResourceType::kTopic, name, PatternType::kLiteral, Operation::kRead);
        allow(ResourceType::kTopic, name, PatternType::kLiteral, Operation::kDescribe);
        for (const std::string& group : access.groups)
          allow(ResourceType::kGroup, group, PatternType::kLiteral, Operation::kRead);
        break;
      case api::AccessRole::kAdmin:
        allow(ResourceType::kTopic, name, PatternType::kLiteral, Operation::kAll);
        break;
    }
  }
  return out;
}

std::set<AclBinding> parse_acls(const std::vector<std::string>& ledger) {
  std::set<AclBinding> out;
  for (const std::string& text : ledger)
    if (auto binding = kafka::parse_acl_binding(text)) out.insert(*std::move(binding));
  return out;
}

AclChange change_acls(const Observed& observed, bool keep_access) {
  const std::set<AclBinding> owned = parse_acls(observed.topic.status.owned_acls);
  const std::set<AclBinding> wanted =
      keep_access ? wanted_acls(observed.topic, observed.accounts) : std::set<AclBinding>{};
  AclChange out;
  std::set<AclBinding> ledger;
  for (const AclBinding& binding : wanted) {
    const bool there = observed.acls.contains(binding);
    if (!there) out.add.push_back(binding);
    // One that is there, that we have not made, and that no other Topic has made, is somebody else's: used, not owned.
    if (!there || owned.contains(binding) || observed.owned_by_others.contains(binding)) ledger.insert(binding);
  }
  for (const AclBinding& binding : owned) {
    if (wanted.contains(binding) || !observed.acls.contains(binding)) continue;
    if (observed.wanted_by_others.contains(binding)) continue;  // the other Topic's ledger has it or will have it
    out.remove.push_back(binding);
    ledger.insert(binding);
  }
  for (const AclBinding& binding : ledger) out.ledger.push_back(binding.to_string());
  return out;
}

std::optional<std::string> refused_access(const Observed& observed) {
  for (const api::Access& access : observed.topic.spec.access) {
    if (access.principal == "User:*")
      return "spec.access: User:* means everybody; name the principals, or let an administrator make that ACL by hand";
    if (std::ranges::count(kOurs, access.principal) > 0)
      return "spec.access: " + access.principal + " is Penstock's or a node's own; name the principals of your clients";
    if (!access.transactional_id_prefix.empty() && !observed.platforms_namespace)
      return "spec.access: `transactionalIdPrefix` is only allowed in the platform's own namespace";
  }
  return std::nullopt;
}

}  // namespace penstock::op::topic
