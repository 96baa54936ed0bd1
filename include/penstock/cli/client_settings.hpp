// From a Kafka client's properties to a connection of ours, as far as we can speak it; what we can't is refused in
// words that say what to do. Pure but for the files that the properties name, which are read by what the caller gives.
#pragma once
#include <penstock/cli/properties.hpp>
#include <penstock/kafka/types.hpp>

#include <functional>
#include <string>
#include <vector>

namespace penstock::cli {

using ReadFile = std::function<Result<std::string>(const std::string& path)>;
Result<std::string> read_file(const std::string& path);

struct ClientSettings {
  kafka::Connection connection;
  bool read_committed = false;        // isolation.level
  std::vector<std::string> warnings;  // for a person
};

// bootstrap.servers, security.protocol, sasl.mechanism, sasl.jaas.config, isolation.level, and ssl.truststore.* and
// ssl.keystore.* with PEM; everything else that a client may be told is of no concern here.
Result<ClientSettings> read_client_settings(const Properties& properties, const ReadFile& read);

// A login module's options in sasl.jaas.config: Module required key="value" …;
Result<std::map<std::string, std::string>> parse_jaas(std::string_view text);

// PEM blocks with their line breaks, which a properties file need not have; what is between blocks is left out. Empty
// when there is no block.
std::string tidy_pem(std::string_view text);

}  // namespace penstock::cli
