// The scaler as a whole: watches, ticks, and the servers that answer.
#pragma once
#include <penstock/base/address.hpp>
#include <penstock/base/error.hpp>
#include <penstock/base/time.hpp>

#include <stop_token>
#include <string>

namespace penstock::scaler {

struct Settings {
  std::string kubeconfig;  // empty: as load_config has it
  std::string ns;          // the release namespace; empty: the configuration's own
  std::string grpc_address = "0.0.0.0:9443";
  std::string metrics_api_address = "0.0.0.0:6443";
  std::string health_address = "0.0.0.0:8080";
  Duration tick = 1s;
  bool partition_metrics = false;  // a series for the lag of each partition, up to a bound
};

// Serves until the stop; an error when it can't begin.
Result<void> run(const Settings& settings, const std::stop_token& stop);

}  // namespace penstock::scaler
