// Whether a Topic or ConsumerScaler may use a platform: always in the platform's own namespace, elsewhere only by one
// of its allowedNamespaces rules.
#pragma once
#include <penstock/api/event_platform.hpp>

#include <map>
#include <optional>
#include <string>

namespace penstock::op {

// A LabelSelector (matchLabels, matchExpressions) against labels; an empty selector matches everything.
bool selects(const Json& selector, const std::map<std::string, std::string>& labels);

enum class NameKind { kTopic, kGroup };

// nullopt: allowed. Else what a person must change, in words.
std::optional<std::string> denied(const api::EventPlatform& platform, const std::string& ns,
                                  const std::map<std::string, std::string>& namespace_labels, NameKind kind,
                                  const std::string& name);

}  // namespace penstock::op
