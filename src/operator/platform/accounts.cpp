#include "properties.hpp"

#include <penstock/base/base64.hpp>
#include <penstock/operator/platform/accounts.hpp>
#include <penstock/operator/renewal.hpp>
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

// Tells one login from another, and nobody the password.
std::string fingerprint(const api::Account& account, const Login& login) {
  return pki::derived_id(account.authentication + "\n" + login.user + "\n" + login.password);
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

// Empty texts: the Secret does not say.
Login held(const Json* secret) {
  if (secret == nullptr) return {};
  const auto since = parse_time(annotation_of(*secret, kSinceAnnotation));
  return {text_of(*secret, "username"),
          since.value_or(WallTime{}),
          text_of(*secret, "password"),
          {text_of(*secret, "tls.crt"), text_of(*secret, "tls.key"), ""}};
}

bool is_due(const api::Account& account, const Login& login, WallTime now) {
  return account.rotation_every && now - login.since >= *account.rotation_every;
}

Login with_password(const Layout& layout, const AccountsSeen& seen, const api::Account& account, WallTime now) {
  const Json* secret = own(layout, seen.secrets, account_secret_name(layout, account.name));
  Login login = held(secret);
  const bool good = is_user_of(account, login.user) && !login.password.empty() && login.since != WallTime{} &&
                    text_of(*secret, "sasl.mechanism") == account.authentication;
  login.certificate = {};
  if (good && !is_due(account, login, now)) return login;
  const std::string before = user_before(layout, seen, account, login.user);
  return {before.empty() ? account.name : other_user(account, before),
          now,
          pki::random_uuid_base64() + pki::random_uuid_base64(),
          {}};
}

Result<Login> with_certificate(const Layout& layout, const AccountsSeen& seen, const api::Account& account,
                               const api::TlsSecret& authority, WallTime now) {
  Login login = held(own(layout, seen.secrets, account_secret_name(layout, account.name)));
  login.user = account.name;
  login.password.clear();
  if (is_due(account, login, now)) login.certificate = {};
  const std::string before = login.certificate.certificate;
  const Validity validity{layout.kafka().certificates.validity, layout.kafka().certificates.renew_before};
  const pki::LeafSpec leaf{.common_name = account.name, .client = true};
  if (auto done = renew_leaf(login.certificate, authority, leaf, validity, now); !done)
    return std::unexpected(done.error());
  if (login.certificate.certificate != before) login.since = now;
  return login;
}

// Between quotes, as JAAS reads it.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
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

Result<std::map<std::string, Login>> logins(const Layout& layout, const AccountsSeen& seen,
                                            const Certificates& certificates, WallTime now) {
  std::map<std::string, Login> out;
  for (const api::Account& account : layout.platform().spec.accounts) {
    if (account.authentication != api::kMutualTls) {
      out.emplace(account.name, with_password(layout, seen, account, now));
    } else if (certificates.clients) {
      auto login = with_certificate(layout, seen, account, certificates.clients->signing, now);
      if (!login) return std::unexpected(login.error());
      out.emplace(account.name, std::move(*login));
    }
  }
  return out;
}

Json account_secret(const Layout& layout, const api::Account& account, const Login& login,
                    const std::string& authorities) {
  const auto& listeners = layout.kafka().listeners;
  // There is one: the spec would not be valid without.
  const auto listener = std::ranges::find(listeners, account.authentication, &api::Listener::authentication);
  Properties settings{{"bootstrap.servers", layout.address(layout.bootstrap_host(), listener->port)}};
  std::map<std::string, std::string> files;
  if (account.authentication == api::kMutualTls) {
    settings.emplace_back("security.protocol", "SSL");
    files = {{"tls.crt", login.certificate.certificate}, {"tls.key", login.certificate.key}};
  } else {
    settings.emplace_back("security.protocol", listener->tls ? "SASL_SSL" : "SASL_PLAINTEXT");
    settings.emplace_back("sasl.mechanism", account.authentication);
    settings.emplace_back("sasl.jaas.config",
                          "org.apache.kafka.common.security.scram.ScramLoginModule required username=" +
                              quoted(login.user) + " password=" + quoted(login.password) + ";");
    files = {{"username", login.user}, {"password", login.password}};
  }
  if (listener->tls) files["ca.crt"] = authorities;
  for (const auto& [key, value] : settings) files[key] = value;
  if (listener->tls) {
    settings.emplace_back("ssl.truststore.type", "PEM");
    settings.emplace_back("ssl.truststore.certificates", authorities);
  }
  if (!login.certificate.key.empty()) {
    settings.emplace_back("ssl.keystore.type", "PEM");
    settings.emplace_back("ssl.keystore.certificate.chain", login.certificate.certificate);
    settings.emplace_back("ssl.keystore.key", login.certificate.key);
  }
  files["client.properties"] = print_properties(settings);
  Json data = Json::object();
  for (const auto& [key, text] : files) data[key] = encode_base64(text);
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
