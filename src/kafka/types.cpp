#include <penstock/kafka/types.hpp>

#include <array>
#include <cstddef>

namespace penstock::kafka {
namespace {

template <class Enum>
struct Name {
  Enum value;
  std::string_view text;
};

constexpr std::array kResources{
    Name{ResourceType::kTopic, "Topic"},
    Name{ResourceType::kGroup, "Group"},
    Name{ResourceType::kTransactionalId, "TransactionalId"},
    Name{ResourceType::kCluster, "Cluster"},
};
constexpr std::array kPatterns{
    Name{PatternType::kLiteral, "Literal"},
    Name{PatternType::kPrefixed, "Prefixed"},
};
constexpr std::array kPermissions{
    Name{Permission::kAllow, "Allow"},
    Name{Permission::kDeny, "Deny"},
};
constexpr std::array kOperations{
    Name{Operation::kAll, "All"},
    Name{Operation::kRead, "Read"},
    Name{Operation::kWrite, "Write"},
    Name{Operation::kCreate, "Create"},
    Name{Operation::kDelete, "Delete"},
    Name{Operation::kAlter, "Alter"},
    Name{Operation::kDescribe, "Describe"},
    Name{Operation::kDescribeConfigs, "DescribeConfigs"},
    Name{Operation::kAlterConfigs, "AlterConfigs"},
    Name{Operation::kIdempotentWrite, "IdempotentWrite"},
};

template <class Enum, std::size_t N>
std::string_view text_of(const std::array<Name<Enum>, N>& names, Enum value) {
  for (const auto& name : names)
    if (name.value == value) return name.text;
  return "?";
}

template <class Enum, std::size_t N>
bool read(const std::array<Name<Enum>, N>& names, std::string_view text, Enum& into) {
  for (const auto& name : names)
    if (name.text == text) {
      into = name.value;
      return true;
    }
  return false;
}

// Takes what stands before the first (or last) `separator` off the front (or back) of `text`.
std::optional<std::string_view> cut_front(std::string_view& text, std::string_view separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const auto front = text.substr(0, at);
  text.remove_prefix(at + separator.size());
  return front;
}
std::optional<std::string_view> cut_back(std::string_view& text, std::string_view separator) {
  const auto at = text.rfind(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const auto back = text.substr(at + separator.size());
  text.remove_suffix(text.size() - at);
  return back;
}

}  // namespace

std::string AclBinding::to_string() const {
  std::string text{text_of(kPermissions, permission)};
  text.append(" ").append(principal).append(" ").append(text_of(kOperations, operation));
  text.append(" on ").append(text_of(kResources, resource)).append(":").append(name);
  text.append(" (").append(text_of(kPatterns, pattern)).append(") from ").append(host);
  return text;
}

// A principal may hold anything, blanks and " on " too (a certificate's distinguished name); a resource's name can't
// hold a blank. So the fields are cut from both ends, and the principal is what is left.
std::optional<AclBinding> parse_acl_binding(std::string_view text) {
  AclBinding binding;
  const auto permission = cut_front(text, " ");
  const auto host = cut_back(text, " from ");
  if (!permission || !host || host->empty() || !text.ends_with(')')) return std::nullopt;
  text.remove_suffix(1);
  const auto pattern = cut_back(text, " (");
  auto resource = cut_back(text, " on ");
  const auto operation = cut_back(text, " ");
  if (!pattern || !resource || !operation || text.empty()) return std::nullopt;
  const auto type = cut_front(*resource, ":");
  if (!type || resource->empty()) return std::nullopt;
  if (!read(kPermissions, *permission, binding.permission) || !read(kPatterns, *pattern, binding.pattern) ||
      !read(kResources, *type, binding.resource) || !read(kOperations, *operation, binding.operation))
    return std::nullopt;
  binding.name = *resource;
  binding.principal = text;
  binding.host = *host;
  return binding;
}

}  // namespace penstock::kafka
