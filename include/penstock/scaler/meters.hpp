// The scaler's own metrics. Any thread.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/scaler/snapshot.hpp>

#include <memory>
#include <string>

namespace penstock::scaler {

class Meters {
 public:
  Meters();
  ~Meters();

  // Follows the board: a series for each ConsumerScaler, none for what is unknown.
  void on(const Board::Change& change);
  void ticked(const std::string& platform, Duration took);
  void sampled(const std::string& platform, SteadyTime taken, SteadyTime now);
  void failed(const std::string& platform, const Error& error);
  void platform_gone(const std::string& platform);

 private:
  void decided(const Entry& entry);
  void gone(const Entry& entry);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penstock::scaler
