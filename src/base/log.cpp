#include <penstock/base/json.hpp>
#include <penstock/base/log.hpp>
#include <penstock/base/time.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace penstock::log {
namespace {

spdlog::logger& logger() {
  static const auto kLogger = [] {
    auto made = std::make_shared<spdlog::logger>("penstock", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *kLogger;
}

std::string quote(std::string_view text) {
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write(spdlog::level::level_enum level, std::string_view name, std::string_view message, Fields fields) {
  if (!logger().should_log(level)) return;
  std::string line = R"({"time":")" + format_micro_time(SystemClock{}.wall()) + R"(","level":")";
  line.append(name).append(R"(","msg":)").append(quote(message));
  for (const Field& field : fields)
    line.append(",").append(quote(field.key)).append(":").append(field.quoted ? quote(field.value) : field.value);
  line += '}';
  logger().log(level, "{}", line);
}

}  // namespace

void set_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return logger().set_level(spdlog::level::debug);
    case Level::kInfo:
      return logger().set_level(spdlog::level::info);
    case Level::kWarn:
      return logger().set_level(spdlog::level::warn);
    case Level::kError:
      return logger().set_level(spdlog::level::err);
  }
}

void debug(std::string_view message, Fields fields) {
  write(spdlog::level::debug, "debug", message, fields);
}
void info(std::string_view message, Fields fields) {
  write(spdlog::level::info, "info", message, fields);
}
void warn(std::string_view message, Fields fields) {
  write(spdlog::level::warn, "warn", message, fields);
}
void error(std::string_view message, Fields fields) {
  write(spdlog::level::err, "error", message, fields);
}

}  // namespace penstock::log
