#include <penstock/cli/client_settings.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;

namespace {

constexpr const char* kCa = "-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----\n";
constexpr const char* kKey = "-----BEGIN PRIVATE KEY-----\nQkJC\n-----END PRIVATE KEY-----\n";

const std::map<std::string, std::string> kFiles{
    {"ca.pem", std::string("subject=/CN=ca\n") + kCa},
    {"client.pem", std::string(kKey) + kCa},
    {"locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nQkJC\n-----END ENCRYPTED PRIVATE KEY-----\n"},
    {"trust.jks", "\xfe\xed\xfe\xed"},
    {"mine.p12", "0\x82"},
};

Result<ClientSettings> read(const Properties& properties) {
  return read_client_settings(properties, [](const std::string& path) -> Result<std::string> {
    const auto found = kFiles.find(path);
    if (found == kFiles.end()) return fail(Code::kNotFound, path + " can't be read");
    return found->second;
  });
}
ClientSettings good(const Properties& properties) {
  const auto settings = read(properties);
  if (!settings) FAIL(settings.error().to_string());
  return *settings;
}
std::string refusal(const Properties& properties) {
  const auto settings = read(properties);
  return settings ? "accepted" : settings.error().what;
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kLogin =
    "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"ann\" password=\"a \\\"b\\\" c;d\";";

}  // namespace

TEST_CASE("without a protocol the connection is plain") {
  const ClientSettings settings = good({{"bootstrap.servers", "a:1,b:2"}, {"linger.ms", "5"}});
  CHECK(settings.connection.bootstrap_servers == "a:1,b:2");
  CHECK_FALSE(settings.connection.tls);
  CHECK_FALSE(settings.connection.sasl);
  CHECK_FALSE(settings.read_committed);
  CHECK(settings.warnings.empty());
  CHECK(good({{"isolation.level", "read_committed"}}).read_committed);
}

TEST_CASE("SASL over TLS with a PEM trust store becomes a login and an authority") {
  const auto connection = good({{"security.protocol", "SASL_SSL"},
                                {"sasl.mechanism", "SCRAM-SHA-512"},
                                {"sasl.jaas.config", kLogin},
                                {"ssl.truststore.type", "PEM"},
                                {"ssl.truststore.location", "ca.pem"}})
                              .connection;
  CHECK(connection.tls);
  CHECK(connection.certificate_authority == kCa);
  CHECK(connection.sasl == kafka::Sasl{"SCRAM-SHA-512", "ann", "a \"b\" c;d"});
  CHECK(connection.client_certificate.empty());
}

TEST_CASE("certificates and keys may be in the file itself, on one line") {
  const auto connection =
      good({{"security.protocol", "SSL"},
            {"ssl.truststore.type", "PEM"},
            {"ssl.truststore.certificates", "-----BEGIN CERTIFICATE----- QUFB -----END CERTIFICATE-----"},
            {"ssl.keystore.type", "PEM"},
            {"ssl.keystore.key", "-----BEGIN PRIVATE KEY----- Qk JC -----END PRIVATE KEY-----"},
            {"ssl.keystore.certificate.chain", kCa}})
          .connection;
  CHECK(connection.certificate_authority == kCa);
  CHECK(connection.client_key == std::string(kKey) + kCa);
  CHECK(connection.client_certificate == connection.client_key);
}

TEST_CASE("a key store without a type is taken when it is PEM") {
  const auto connection = good({{"security.protocol", "SSL"}, {"ssl.keystore.location", "client.pem"}}).connection;
  CHECK(connection.client_key == std::string(kKey) + kCa);
  CHECK(connection.certificate_authority.empty());
}

TEST_CASE("a Java store is refused with the command that converts it") {
  const std::string trust = refusal({{"security.protocol", "SSL"}, {"ssl.truststore.location", "trust.jks"}});
  CHECK(contains(trust,
                 "ssl.truststore.location (trust.jks) is a JKS store, and only PEM is read: keytool -list -rfc "
                 "-keystore trust.jks > ca.pem"));
  CHECK(contains(trust, "ssl.truststore.type=PEM"));
  CHECK(contains(
      refusal({{"security.protocol", "SSL"}, {"ssl.keystore.type", "PKCS12"}, {"ssl.keystore.location", "mine.p12"}}),
      "openssl pkcs12 -in mine.p12 -nodes"));
}

TEST_CASE("what can't work with TLS is said before anything is tried") {
  const Properties tls{{"security.protocol", "SSL"}};
  const auto with = [&](Properties more) {
    more.insert(tls.begin(), tls.end());
    return refusal(more);
  };
  CHECK(contains(with({{"ssl.truststore.location", "gone.pem"}}), "gone.pem can't be read"));
  CHECK(contains(with({{"ssl.keystore.location", "locked.pem"}}), "encrypted"));
  CHECK(contains(with({{"ssl.keystore.location", "ca.pem"}}), "both a private key and its certificates"));
  CHECK(contains(with({{"ssl.truststore.type", "JKS"}, {"ssl.truststore.location", "ca.pem"}}), "set it to PEM"));
  CHECK(contains(with({{"ssl.truststore.type", "PEM"}, {"ssl.truststore.location", "mine.p12"}}), "no PEM block"));
  const auto unchecked = good({{"security.protocol", "SSL"}, {"ssl.endpoint.identification.algorithm", ""}});
  REQUIRE(unchecked.warnings.size() == 1);
  CHECK(contains(unchecked.warnings[0], "checked nevertheless"));
}

TEST_CASE("logins that we don't speak, and halves of them, are refused in words") {
  const auto with = [](Properties more) {
    more.emplace("security.protocol", "SASL_SSL");
    return refusal(more);
  };
  CHECK(contains(with({}), "sasl.mechanism is GSSAPI when none is given; supported are PLAIN"));
  CHECK(contains(with({{"sasl.mechanism", "OAUTHBEARER"}}), "sasl.mechanism is OAUTHBEARER; supported are PLAIN"));
  CHECK(contains(with({{"sasl.mechanism", "PLAIN"}}), "sasl.jaas.config is missing"));
  CHECK(contains(with({{"sasl.mechanism", "PLAIN"}, {"sasl.jaas.config", "Module required username=\"a\";"}}),
                 "no username or no password"));
  CHECK(contains(refusal({{"security.protocol", "TLS"}}), "none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"));
}

TEST_CASE("PLAIN is spoken over TLS only, and SCRAM without it too") {
  const auto with = [](const std::string& mechanism) {
    return Properties{{"security.protocol", "SASL_PLAINTEXT"},
                      {"sasl.mechanism", mechanism},
                      {"sasl.jaas.config", "Module required username=ann password='x y';"}};
  };
  CHECK(contains(refusal(with("PLAIN")), "PLAIN over SASL_PLAINTEXT would send the password in clear"));
  CHECK(good(with("SCRAM-SHA-256")).connection.sasl == kafka::Sasl{"SCRAM-SHA-256", "ann", "x y"});
}

TEST_CASE("a JAAS text is read as Java reads it, and a broken one is not") {
  CHECK(parse_jaas("M required a=1 b=\"2 3\"\n c='4';").value() ==
        std::map<std::string, std::string>{{"a", "1"}, {"b", "2 3"}, {"c", "4"}});
  CHECK(contains(parse_jaas("M required a=\"1;").error().what, "not closed"));
  CHECK(contains(parse_jaas("M required a=1").error().what, "semicolon"));
  CHECK(contains(parse_jaas("username=ann;").error().what, "MODULE required"));
}
