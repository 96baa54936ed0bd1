#include <penstock/base/metrics.hpp>

#include <mutex>
#include <vector>

#include <prometheus/text_serializer.h>

namespace penstock::metrics {
namespace {

struct Sources {
  std::mutex mutex;
  std::vector<const Source::Write*> writes;
};

Sources& sources() {
  static Sources instance;
  return instance;
}

}  // namespace

prometheus::Registry& registry() {
  static prometheus::Registry instance;
  return instance;
}

std::string expose() {
  std::string text = prometheus::TextSerializer{}.Serialize(registry().Collect());
  Sources& all = sources();
  const std::lock_guard lock(all.mutex);
  for (const auto* write : all.writes) (*write)(text);
  return text;
}

Source::Source(Write write) : write_(std::move(write)) {
  Sources& all = sources();
  const std::lock_guard lock(all.mutex);
  all.writes.push_back(&write_);
}

Source::~Source() {
  Sources& all = sources();
  const std::lock_guard lock(all.mutex);
  std::erase(all.writes, &write_);
}

void append_head(std::string& text, std::string_view name, std::string_view help) {
  text.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" gauge\n");
}

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
}

}  // namespace penstock::metrics
