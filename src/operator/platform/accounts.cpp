#include "properties.hpp"

#include <penstock/base/base64.hpp>
#include <penstock/operator/platform/accounts.hpp>
#include <penstock/pki/ids.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

constexpr std::string_view kAccountLabel = "penstock.dev/account";
constexpr std::string_view kSinceAnnotation = "penstock.dev/since";
constexpr std::string_view kTakenAnnotation = "penstock.dev/taken-by-kafka";

std::string text_of(const Json& secret, const std::string& key) {
  const Json data = secret.value("data", Json::object());
  const Json value = data.value(key, Json());
  return value.is_string() ? decode_base64(value.get_ref<const std::string&>()).value_or("") : "";
}

std::string annotation_of(const Json& secret, std::string_view name) {
  return secret.at("metadata").value("annotations", Json::object()).value(std::string(name), "");
}

// Tells one login from another, and nobody the password.
std::string fingerprint(const api::Account& account, const Login& login) {
  return pki::derived_id(account.mechanism + "\n" + login.user + "\n" + login.password);
}

bool is_user_of(const api::Account& account, const std::string& user) {
  return std::ranges::count(api::users_of(account.name), user) > 0;
}

std::string other_user(const api::Account& account, const std::string& user) {
  const auto users = api::users_of(account.name);
  return user == users[0] ? users[1] : users[0];
}

// Whose password clients may have at this moment; empty: nobody's.
std::string user_before(const Layout& layout, const AccountsSeen& seen, const api::Account& account,
                        const std::string& in_secret) {
  if (is_user_of(account, in_secret)) return in_secret;
  const auto& records = layout.platform().status.accounts;
  const auto record = std::ranges::find(records, account.name, &api::AccountStatus::name);
  if (record != records.end()) return record->user;
  for (const std::string& user : api::users_of(account.name))
    if (seen.users && seen.users->contains(user)) return user;
  return "";
}

Login login_of(const Layout& layout, const AccountsSeen& seen, const api::Account& account, WallTime now) {
  Login held;
  const auto found = seen.secrets.find(account_secret_name(layout, account.name));
  if (found != seen.secrets.end() && is_child(found->second, layout.platform())) {
    const Json& secret = found->second;
    const auto since = parse_time(annotation_of(secret, kSinceAnnotation));
    held = {text_of(secret, "username"), text_of(secret, "password"), since.value_or(WallTime{})};
    const bool due = account.rotation_every && now - held.since >= *account.rotation_every;
    const bool good = since && is_user_of(account, held.user) && !held.password.empty() &&
                      text_of(secret, "sasl.mechanism") == account.mechanism;
    if (good && !due) return held;
  }
  const std::string before = user_before(layout, seen, account, held.user);
  return {before.empty() ? account.name : other_user(account, before),
          pki::random_uuid_base64() + pki::random_uuid_base64(), now};
}

// Between quotes, as JAAS reads it.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string account_secret_name(const Layout& layout, const std::string& account) {
  return layout.platform().meta.name + "-account-" + account;
}

std::vector<std::string> known_accounts(const api::EventPlatform& platform) {
  std::vector<std::string> out;
  for (const api::Account& account : platform.spec.accounts) out.push_back(account.name);
  for (const api::AccountStatus& record : platform.status.accounts)
    if (std::ranges::count(out, record.name) == 0) out.push_back(record.name);
  return out;
}

std::map<std::string, Login> logins(const Layout& layout, const AccountsSeen& seen, WallTime now) {
  std::map<std::string, Login> out;
  for (const api::Account& account : layout.platform().spec.accounts)
    out.emplace(account.name, login_of(layout, seen, account, now));
  return out;
}

Json account_secret(const Layout& layout, const api::Account& account, const Login& login,
                    const std::string& authorities) {
  const auto& listeners = layout.kafka().listeners;
  // There is one: the spec would not be valid without.
  const auto listener = std::ranges::find(listeners, account.mechanism, &api::Listener::authentication);
  Properties settings{
      {"bootstrap.servers", layout.address(layout.bootstrap_host(), listener->port)},
      {"security.protocol", listener->tls ? "SASL_SSL" : "SASL_PLAINTEXT"},
      {"sasl.mechanism", account.mechanism},
      {"sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=" +
                               quoted(login.user) + " password=" + quoted(login.password) + ";"}};
  Json data = Json::object();
  for (const auto& [key, value] : settings) data[key] = encode_base64(value);
  data["username"] = encode_base64(login.user);
  data["password"] = encode_base64(login.password);
  if (listener->tls) {
    data["ca.crt"] = encode_base64(authorities);
    settings.emplace_back("ssl.truststore.type", "PEM");
    settings.emplace_back("ssl.truststore.certificates", authorities);
  }
  data["client.properties"] = encode_base64(print_properties(settings));
  auto labels = layout.labels();
  labels.emplace(kAccountLabel, account.name);
  Json metadata = layout.metadata(account_secret_name(layout, account.name), labels);
  metadata["annotations"] = {{kSinceAnnotation, format_time(login.since)},
                             {kTakenAnnotation, fingerprint(account, login)}};
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", std::move(metadata)},
          {"type", "Opaque"},
          {"data", std::move(data)}};
}

bool is_taken(const Json& secret, const api::Account& account, const Login& login) {
  return annotation_of(secret, kTakenAnnotation) == fingerprint(account, login);
}

}  // namespace penstock::op::platform
