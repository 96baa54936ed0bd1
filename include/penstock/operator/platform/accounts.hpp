// The accounts of a platform that we run: users of Kafka's with a password or a certificate, and the Secrets that tell
// clients of them. Pure but for the randomness of passwords and keys.
#pragma once
#include <penstock/operator/platform/layout.hpp>

#include <map>
#include <string>
#include <vector>

namespace penstock::op::platform {

std::string account_secret_name(const Layout& layout, const std::string& account);
// Accounts of the spec, and those that are on record and must go.
std::vector<std::string> known_accounts(const api::EventPlatform& platform);

// How the clients of each account should log in: as its Secret says; with a new password, and as its other user, or
// with a new certificate, where there is no Secret that can be used or what it has is due. Without those that need an
// authority that there is none of.
Result<std::map<std::string, Login>> logins(const Layout& layout, const AccountsSeen& seen,
                                            const Certificates& certificates, WallTime now);

// All that a client needs, under the names of Kafka's settings, and as files: client.properties, ca.crt. It says which
// login Kafka has taken: it is written after that.
Json account_secret(const Layout& layout, const api::Account& account, const Login& login,
                    const std::string& authorities);
// Whether a live Secret says that Kafka has taken this login.
bool is_taken(const Json& secret, const api::Account& account, const Login& login);

}  // namespace penstock::op::platform
