// Cuts a stream of chunks into lines, of a bounded length.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::k8s {

class Lines {
 public:
  explicit Lines(std::size_t longest) : longest_(longest) {}

  // Calls on_line(line) for each line that the chunk completes, without its end, until that says false. Empty lines are
  // left out. False when on_line said so, or when a line grew too long.
  template <class OnLine>
  bool add(std::string_view chunk, OnLine&& on_line) {
    for (auto end = chunk.find('\n'); end != std::string_view::npos; end = chunk.find('\n')) {
      std::string_view line = chunk.substr(0, end);
      chunk.remove_prefix(end + 1);
      if (outgrows(line)) return false;
      // Most lines lie whole in one chunk and need no copy.
      const std::string joined = rest_.empty() ? std::string{} : std::exchange(rest_, {}).append(line);
      if (!joined.empty()) line = joined;
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (!line.empty() && !on_line(line)) return false;
    }
    if (outgrows(chunk)) return false;
    rest_.append(chunk);
    return true;
  }

  bool too_long() const { return too_long_; }

 private:
  bool outgrows(std::string_view more) { return too_long_ = rest_.size() + more.size() > longest_; }

  std::size_t longest_;
  std::string rest_;
  bool too_long_ = false;
};

}  // namespace penstock::k8s
