// Structured logs: one JSON object a line on stderr. Never pass a secret.
//   log::info("topic created", {{"controller", "topic"}, {"namespace", ns}, {"name", name}});
#pragma once
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace penstock::log {

enum class Level { kDebug, kInfo, kWarn, kError };

struct Field {
  std::string_view key;
  std::string value;
  bool quoted = true;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), quoted(false) {}
  template <class Number>
    requires(std::integral<Number> || std::floating_point<Number>)
  Field(std::string_view k, Number v) : key(k), value(std::to_string(v)), quoted(false) {}
};

using Fields = std::initializer_list<Field>;

// Before the first thread; the default is info.
void set_level(Level level);
void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

}  // namespace penstock::log
