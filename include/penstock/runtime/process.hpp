// What the two programs share: SIGTERM and SIGINT become a stop token; a health server answers /healthz, /readyz,
// /metrics.
#pragma once
#include <penstock/base/address.hpp>
#include <penstock/http/server.hpp>

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

namespace penstock::runtime {

// Blocks the signals in the calling thread and waits for them on one of its own. First in main, before
// http::initialize_process too: a thread that is there already would take the signal, and the process would end.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  std::stop_token token() const;
  void request_stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Named checks; an empty string means well, anything else says what is wrong.
using Checks = std::map<std::string, std::function<std::string()>>;
// GET /healthz: 200 as soon as anything answers. GET /readyz: 200, or 503 with a line for each check that fails.
// GET /metrics: the registry.
http::Handler health_handler(Checks ready);
Result<std::unique_ptr<http::Server>> serve_health(const Address& address, Checks ready);

}  // namespace penstock::runtime
