// What the scaler is shown of an EventPlatform: how to reach it with the least rights, and which namespaces may read
// which names. The operator writes it as a Secret into the release namespace; both sides use this file. Nobody else's
// Secrets are read by the scaler.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/json.hpp>
#include <penstock/kafka/types.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::kafka {

inline constexpr std::string_view kViewLabel = "penstock.dev/view";  // "true"

struct PlatformView {
  // What one other namespace may read. An empty list of prefixes allows every name.
  struct Allowed {
    std::string ns;
    std::vector<std::string> topic_prefixes, group_prefixes;
    bool operator==(const Allowed&) const = default;
  };

  std::string ns, name, uid;  // of the EventPlatform
  std::string cluster_id;     // as pinned; empty while not known
  Connection connection;
  std::vector<Allowed> allowed;  // besides the platform's own namespace, which may read everything
  bool unsettled = false;        // brokers are not ready: rolled, restarting or broken; known of managed platforms only
  bool operator==(const PlatformView&) const = default;

  // kForbidden, in words for the owner of the ConsumerScaler. Topics empty: every topic of the group, which needs
  // a rule without topic prefixes.
  Result<void> may_read(std::string_view ns, std::string_view group, const std::vector<std::string>& topics) const;
};

// "penstock-view-<hash>"; the same for the same platform for ever.
std::string platform_view_name(std::string_view ns, std::string_view name);
// The `data` of the Secret: values in base64.
Json print_platform_view(const PlatformView& view);
// Takes the whole Secret. kInvalid says which key is wrong, never its value.
Result<PlatformView> parse_platform_view(const Json& secret);

}  // namespace penstock::kafka
