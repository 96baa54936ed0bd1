// The certificates of a platform that we run, and the Secrets in which they lie. Pure but for the randomness of keys.
#pragma once
#include <penstock/operator/platform/layout.hpp>
#include <penstock/operator/renewal.hpp>

#include <map>
#include <string>

namespace penstock::op::platform {

// Names that brokers know us by.
inline constexpr std::string_view kNodeName = "kafka-node", kOperatorName = "penstock-operator",
                                  kScalerName = "penstock-scaler";

// Which certificates are missing, soon over or of other names, made anew; the rest as it is.
Result<Certificates> renewed(const Certificates& have, const Layout& layout, WallTime now);

// What a node that has loaded its Secret has in its memory; nullopt where that holds nothing for it.
std::optional<Loaded> loaded_from(const Certificates& held, const Node& node);
// Whether that is what was seen of it; it may trust others besides.
bool is_loaded(const Loaded& wanted, const Loaded& seen);

std::string authority_secret_name(const Layout& layout);
std::string clients_authority_secret_name(const Layout& layout);
std::string operator_secret_name(const Layout& layout);
std::string pool_secret_name(const Layout& layout, const api::NodePool& pool);

// What lies in the Secrets (by name) and in the scaler's view of the platform; texts that are missing or broken are
// empty.
Certificates held(const Layout& layout, const std::map<std::string, Json>& secrets, const std::optional<Json>& view);

Json authority_secret(const Layout& layout, const std::string& name, const Authority& authority);
Json operator_secret(const Layout& layout, const Certificates& certificates);
// <node id>.pem and <node id>-quorum.pem with a key and its certificate each, ca.pem, and clients-ca.pem where there is
// an authority of clients.
Json pool_secret(const Layout& layout, const api::NodePool& pool, const Certificates& certificates);
// ca.crt: whom the clients of listeners with TLS trust.
Json trust_config_map(const Layout& layout, const Certificates& certificates);

}  // namespace penstock::op::platform
