// A small file that somebody else replaces now and then, such as a mounted token. Any thread.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/time.hpp>

#include <filesystem>
#include <mutex>
#include <string>

namespace penstock::k8s {

class TextFile {
 public:
  explicit TextFile(std::string path) : path_(std::move(path)) {}
  // The text as it is now: read again when the file's time changed, and once a minute in any case.
  Result<std::string> read();

 private:
  std::string path_;
  std::mutex mutex_;
  bool known_ = false;
  std::string text_;
  std::filesystem::file_time_type changed_;
  SteadyTime read_at_;
};

// Without white space at either end.
std::string trimmed(const std::string& text);

}  // namespace penstock::k8s
