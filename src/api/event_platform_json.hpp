// The spec of an EventPlatform between JSON and C++.
#pragma once
#include "meta_json.hpp"

#include <penstock/api/event_platform.hpp>

namespace penstock::api {

ManagedKafka read_managed(const Field& f);
ExternalKafka read_external(const Field& f);
NamespaceRule read_namespace_rule(const Field& f);
Json print_managed(const ManagedKafka& kafka);
Json print_external(const ExternalKafka& external);
Json print_namespace_rule(const NamespaceRule& rule);
Account read_account(const Field& f);
Json print_account(const Account& account);

// What no single field can be wrong about: node ids, quorum, ports.
void check_managed(const ManagedKafka& kafka, const Field& at);
// Their names, and that a listener is there for each.
void check_accounts(const EventPlatformSpec& spec, const Field& at);

}  // namespace penstock::api
