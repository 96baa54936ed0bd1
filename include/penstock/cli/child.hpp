// A program that we start, listen to, and end: never one that is left behind.
#pragma once
#include <penstock/base/error.hpp>

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <sys/types.h>

namespace penstock::cli {

class Child {
 public:
  // Looked for on the PATH. It ends with us, however we end, if the thread that starts it lives as long as we do.
  static Result<Child> start(const std::vector<std::string>& arguments);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();  // SIGTERM, and SIGKILL a second later

  // A line of what it says, on either of its outputs; nullopt when it has ended, or the time or the stop has come.
  std::optional<std::string> read_line(Duration timeout, const std::stop_token& stop);
  // It said its last: exit_status() will not wait long.
  bool silent() const { return silent_; }
  // Waits for its end.
  int exit_status();

 private:
  Child(pid_t pid, int output) : pid_(pid), output_(output) {}

  pid_t pid_;
  int output_;
  std::string read_;  // and not yet told
  bool silent_ = false;
};

}  // namespace penstock::cli
