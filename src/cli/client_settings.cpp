#include "invalid.hpp"

#include <penstock/cli/client_settings.hpp>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>
#include <utility>

namespace penstock::cli {
namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// How a person gets a PEM file out of a Java store.
std::string conversion(const std::string& store, const std::string& type, const std::string& path) {
  if (store == "truststore") return "keytool -list -rfc -keystore " + path + " > ca.pem";
  if (type == "PKCS12") return "openssl pkcs12 -in " + path + " -nodes -out client.pem";
  return "keytool -importkeystore -srckeystore " + path +
         " -destkeystore client.p12 -deststoretype PKCS12 && openssl pkcs12 -in client.p12 -nodes -out client.pem";
}

class Translation {
 public:
  Translation(const Properties& properties, const ReadFile& read) : properties_(properties), read_(read) {}

  Result<ClientSettings> run() {
    settings_.connection.bootstrap_servers = get("bootstrap.servers");
    settings_.read_committed = get("isolation.level") == "read_committed";
    const std::string protocol = upper(get("security.protocol", "PLAINTEXT"));
    if (protocol != "PLAINTEXT" && protocol != "SSL" && protocol != "SASL_PLAINTEXT" && protocol != "SASL_SSL")
      return invalid("security.protocol is " + protocol +
                     ", which is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL");
    if (protocol.ends_with("SSL"))
      if (auto done = tls(); !done) return std::unexpected(done.error());
    if (protocol.starts_with("SASL"))
      if (auto done = sasl(); !done) return std::unexpected(done.error());
    return std::move(settings_);
  }

 private:
  std::string get(const std::string& key, const std::string& otherwise = {}) const {
    const auto found = properties_.find(key);
    return found == properties_.end() || found->second.empty() ? otherwise : found->second;
  }

  Result<void> tls() {
    kafka::Connection& connection = settings_.connection;
    connection.tls = true;
    if (const auto name_check = properties_.find("ssl.endpoint.identification.algorithm");
        name_check != properties_.end() && name_check->second.empty())
      settings_.warnings.emplace_back(
          "ssl.endpoint.identification.algorithm is empty: brokers' names are checked nevertheless");
    auto trusted = store("truststore", get("ssl.truststore.certificates"));
    if (!trusted) return std::unexpected(trusted.error());
    connection.certificate_authority = std::move(*trusted);
    std::string inline_keys = get("ssl.keystore.key");
    if (!inline_keys.empty()) inline_keys += "\n" + get("ssl.keystore.certificate.chain");
    auto own = store("keystore", inline_keys);
    if (!own) return std::unexpected(own.error());
    if (own->find("ENCRYPTED") != std::string::npos)
      return invalid(
          "the client's key is encrypted, which is not supported: openssl pkey -in … -out plain.pem removes the "
          "password");
    if (!own->empty() &&
        (own->find("CERTIFICATE-----") == std::string::npos || own->find(" KEY-----") == std::string::npos))
      return invalid("ssl.keystore.* must have both a private key and its certificates");
    connection.client_certificate = connection.client_key = std::move(*own);
    return {};
  }

  // The PEM text of a store; empty when none is named.
  Result<std::string> store(const std::string& kind, std::string given) const {
    const std::string prefix = "ssl." + kind + ".", path = get(prefix + "location");
    const std::string type = upper(get(prefix + "type", "JKS"));  // Kafka's own default
    std::string where = prefix + (kind == "truststore" ? "certificates" : "key");
    if (given.empty()) {
      if (path.empty()) return std::string();
      where = prefix + "location (" + path + ")";
      auto content = read_(path);
      if (!content) return fail(prefix + "location", content.error());
      given = std::move(*content);
      if (type != "PEM" && given.find("-----BEGIN ") == std::string::npos)
        return invalid(where + " is a " + type + " store, and only PEM is read: " + conversion(kind, type, path) +
                       ". Then set " + prefix + "type=PEM");
    }
    if (type != "PEM" && properties_.contains(prefix + "type"))
      return invalid(where + " is PEM, but " + prefix + "type is " + type + ": set it to PEM");
    std::string pem = tidy_pem(given);
    if (pem.empty()) return invalid(where + " has no PEM block (-----BEGIN …)");
    return pem;
  }

  Result<void> sasl() {
    kafka::Connection& connection = settings_.connection;
    kafka::Sasl login;
    login.mechanism = upper(get("sasl.mechanism", "GSSAPI"));  // Kafka's own default
    if (login.mechanism != "PLAIN" && login.mechanism != "SCRAM-SHA-256" && login.mechanism != "SCRAM-SHA-512")
      return invalid("sasl.mechanism is " + login.mechanism +
                     (properties_.contains("sasl.mechanism") ? "" : " when none is given") +
                     "; supported are PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512");
    const std::string jaas = get("sasl.jaas.config");
    if (jaas.empty()) return invalid("sasl.jaas.config is missing: it has the username and the password");
    auto options = parse_jaas(jaas);
    if (!options) return fail("sasl.jaas.config", options.error());
    login.username = (*options)["username"];
    login.password = (*options)["password"];
    if (login.username.empty() || login.password.empty())
      return invalid("sasl.jaas.config has no username or no password");
    // As everywhere in Penstock: whoever listens on the way would have it.
    if (login.mechanism == "PLAIN" && !connection.tls)
      return invalid("PLAIN over " + upper(get("security.protocol")) +
                     " would send the password in clear: use SASL_SSL or SCRAM-SHA-512");
    connection.sasl = std::move(login);
    return {};
  }

  const Properties& properties_;
  const ReadFile& read_;
  ClientSettings settings_;
};

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (file) content << file.rdbuf();
  if (!file || content.fail()) return fail(Code::kNotFound, path + " can't be read", Retry::never());
  return content.str();
}

Result<ClientSettings> read_client_settings(const Properties& properties, const ReadFile& read) {
  return Translation(properties, read).run();
}

Result<std::map<std::string, std::string>> parse_jaas(std::string_view text) {
  std::map<std::string, std::string> options;
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool ended = false;
  for (std::size_t i = 0; i < text.size() && !ended; ++i) {
    const char c = text[i];
    if (quote != 0 && c == '\\' && i + 1 < text.size()) {
      word += text[++i];
    } else if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == ';' || std::isspace(static_cast<unsigned char>(c)) != 0) {
      if (!word.empty()) words.push_back(std::exchange(word, {}));
      ended = c == ';';
    } else {
      word += c;
    }
  }
  if (quote != 0) return invalid("a quotation mark is not closed");
  if (!ended) return invalid("it does not end in a semicolon");
  if (words.size() < 2) return invalid("it must read: MODULE required username=\"…\" password=\"…\";");
  for (std::size_t i = 2; i < words.size(); ++i)
    if (const auto equals = words[i].find('='); equals != std::string::npos)
      options[words[i].substr(0, equals)] = words[i].substr(equals + 1);
  return options;
}

std::string tidy_pem(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
  constexpr std::size_t kLine = 64;
  std::string out;
  for (;;) {
    const auto begin = text.find(kBegin);
    if (begin == std::string_view::npos) return out;
    const auto label_end = text.find(kDashes, begin + kBegin.size());
    if (label_end == std::string_view::npos) return out;
    const std::string label(text.substr(begin + kBegin.size(), label_end - begin - kBegin.size()));
    const std::string end_line = std::string(kEnd) + label + std::string(kDashes);
    const auto body_begin = label_end + kDashes.size(), body_end = text.find(end_line, body_begin);
    if (body_end == std::string_view::npos) return out;
    std::string body;
    for (const char c : text.substr(body_begin, body_end - body_begin))
      if (std::isspace(static_cast<unsigned char>(c)) == 0) body += c;
    out += std::string(kBegin) + label + std::string(kDashes) + "\n";
    for (std::size_t at = 0; at < body.size(); at += kLine) out += body.substr(at, kLine) + "\n";
    out += end_line + "\n";
    text.remove_prefix(body_end + end_line.size());
  }
}

}  // namespace penstock::cli
