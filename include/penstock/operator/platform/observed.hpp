// What a plan for an EventPlatform is made from: everything that was read, as one value.
#pragma once
#include <penstock/api/event_platform.hpp>
#include <penstock/api/tls_secret.hpp>
#include <penstock/kafka/platform_view.hpp>
#include <penstock/kafka/types.hpp>
#include <penstock/operator/platform/reconciler.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace penstock::op::platform {

// What the cluster behind the platform said.
struct Answer {
  std::string cluster_id;
  int brokers = 0;
  std::vector<std::string> capabilities;  // sorted
};

// Of one node. Empty texts: there is none.
struct NodeCertificates {
  api::TlsSecret serving;  // of its listeners; Kafka reads it anew when it is told to
  api::TlsSecret quorum;   // of the controllers' listener and of those who come to it; read at start only
};

struct Authority {
  api::TlsSecret signing;  // its key leaves no Secret but its own. It trusts whom all trust
  api::TlsSecret next;     // the one to come, trusted long before it signs; empty: it is not near
};

// Of a platform that we run.
struct Certificates {
  Authority nodes;                   // signs all of these
  std::optional<Authority> clients;  // signs those of accounts; none: no listener asks for them
  std::string clients_trusted;       // whom nodes trust as such already
  api::TlsSecret admin;              // what the operator shows to brokers
  api::TlsSecret scaler;             // what penstock-scaler shows to them
  std::map<std::string, std::map<int, NodeCertificates>> pools;  // by name, then by node id
};

// What a broker has in its memory.
struct Loaded {
  std::string serial;
  WallTime not_after;
  std::vector<std::string> trusts, trusts_clients;  // common names of authorities
};

// How the clients of an account log in.
struct Login {
  std::string user;
  WallTime since;              // when what follows was made
  std::string password;        // of SCRAM
  api::TlsSecret certificate;  // of mTLS
};

struct AccountsSeen {
  std::map<std::string, Json> secrets;                         // by name, of accounts that go as well; ours or not
  Result<std::map<std::string, std::set<std::string>>> users;  // of Kafka's, with the mechanisms that they have
  std::map<std::string, Login> logins;                         // by account of the spec: as they should be
};

// The platform's children by name, as they are. Objects of these names that are not the platform's are among them.
struct Children {
  std::map<std::string, Json> stateful_sets, services, config_maps, disruption_budgets, volume_claims, pods, secrets;
};

struct Observed {
  api::EventPlatform platform;
  Settings settings;
  // How to reach the cluster: an error when a Secret that it needs is missing or wrong.
  Result<kafka::Connection> connection = std::unexpected(Error{Code::kUnavailable, "not looked at", Retry::later()});
  Result<Answer> answer = std::unexpected(Error{Code::kUnavailable, "not asked", Retry::later()});
  std::vector<kafka::PlatformView::Allowed> allowed;  // for each namespace that exists and a rule that selects it
  std::optional<Json> view;                           // the Secret for the scaler
  // Of a platform that we run.
  Children children;
  Certificates held;              // as they lie in Secrets
  Certificates certificates;      // as they should be
  std::map<int, Loaded> to_load;  // by node id: what lies in their Secret
  std::map<int, Loaded> loaded;   // by node id: of the brokers that could be asked
  // Where the cluster answers: what it has for the accounts (none: there are none, nor were there), and for the scaler
  // (none: it has no authorizer).
  std::optional<AccountsSeen> accounts;
  std::optional<std::vector<kafka::AclBinding>> scaler_acls;
};

}  // namespace penstock::op::platform
