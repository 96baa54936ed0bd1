#include <penstock/operator/access.hpp>

#include <algorithm>

namespace penstock::op {
namespace {

bool holds(const Json& requirement, const std::map<std::string, std::string>& labels) {
  const std::string op = requirement.value("operator", "");
  const auto label = labels.find(requirement.value("key", ""));
  const Json values = requirement.value("values", Json::array());
  const bool there = label != labels.end();
  const bool listed = there && std::find(values.begin(), values.end(), label->second) != values.end();
  if (op == "In") return listed;
  if (op == "NotIn") return !listed;
  if (op == "Exists") return there;
  if (op == "DoesNotExist") return !there;
  return false;
}

bool starts_with_any(const std::string& name, const std::vector<std::string>& prefixes) {
  return prefixes.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) { return name.starts_with(prefix); });
}

}  // namespace

bool selects(const Json& selector, const std::map<std::string, std::string>& labels) {
  const Json match = selector.value("matchLabels", Json::object());
  for (const auto& [key, value] : match.items()) {
    const auto label = labels.find(key);
    if (label == labels.end() || value != label->second) return false;
  }
  const Json expressions = selector.value("matchExpressions", Json::array());
  return std::all_of(expressions.begin(), expressions.end(), [&](const Json& e) { return holds(e, labels); });
}

std::optional<std::string> denied(const api::EventPlatform& platform, const std::string& ns,
                                  const std::map<std::string, std::string>& namespace_labels, NameKind kind,
                                  const std::string& name) {
  if (ns == platform.meta.ns) return std::nullopt;
  const std::string who = "EventPlatform " + platform.meta.ns + "/" + platform.meta.name;
  bool selected = false;
  for (const api::NamespaceRule& rule : platform.spec.allowed_namespaces) {
    if (!selects(rule.selector, namespace_labels)) continue;
    selected = true;
    if (starts_with_any(name, kind == NameKind::kTopic ? rule.topic_prefixes : rule.group_prefixes))
      return std::nullopt;
  }
  if (selected)
    return who + " allows namespace " + ns + " only certain name prefixes, and " + name +
           " has none of them: see its `allowedNamespaces`";
  return who + " does not allow namespace " + ns + ": add a selector for it to its `allowedNamespaces`";
}

}  // namespace penstock::op
