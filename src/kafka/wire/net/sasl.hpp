// The client's side of a SASL mechanism, without I/O, and which one a Connection asks for.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/kafka/types.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::kafka::wire {

class SaslClient {
 public:
  virtual ~SaslClient() = default;
  virtual std::string start() = 0;
  // The answer to what the broker said; unset: we are content.
  virtual Result<std::optional<std::string>> step(std::string_view server) = 0;
};

// kInvalid for what `check` says against it.
Result<std::unique_ptr<SaslClient>> make_sasl(const Sasl& sasl, bool tls);

}  // namespace penstock::kafka::wire
