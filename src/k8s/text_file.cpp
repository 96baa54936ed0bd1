#include "text_file.hpp"

#include <fstream>
#include <iterator>

namespace penstock::k8s {

Result<std::string> TextFile::read() {
  std::lock_guard lock(mutex_);
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(path_, error);
  const SteadyTime now = SystemClock{}.now();
  // Some file systems keep coarse times, and a mount's link may point to an older file: hence the minute.
  if (known_ && !error && changed == changed_ && now - read_at_ < 1min) return text_;
  std::ifstream file(path_, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return fail(Code::kUnavailable, path_ + " cannot be read");
  known_ = !error;
  text_ = std::move(text);
  changed_ = changed;
  read_at_ = now;
  return text_;
}

std::string trimmed(const std::string& text) {
  constexpr const char* kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace penstock::k8s
