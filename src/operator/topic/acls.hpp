// ACL bindings of a Topic: add before remove, nobody else's, never one that another Topic still wants.
#pragma once
#include <penstock/operator/topic/plan.hpp>

namespace penstock::op::topic {

struct AclChange {
  std::vector<kafka::AclBinding> add, remove;
  std::vector<std::string> ledger;  // to be in the status before the additions
};

// keep_access false: the Topic is going, and its own bindings with it.
AclChange change_acls(const Observed& observed, bool keep_access);

// What is wrong with spec.access, in words.
std::optional<std::string> refused_access(const Observed& observed);

}  // namespace penstock::op::topic
