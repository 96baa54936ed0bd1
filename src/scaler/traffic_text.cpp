#include <penstock/scaler/meters.hpp>

#include <fmt/format.h>

namespace penstock::scaler {
namespace {

using Platforms = std::map<std::string, kafka::Traffic>;

void family(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
  text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void requests(std::string& text, const Platforms& platforms) {
  family(text, "penstock_kafka_requests_total", "counter", "Requests sent, handshakes too, by Kafka's name of them.");
  for (const auto& [platform, traffic] : platforms)
    for (const auto& [api, its] : traffic.apis)
      text +=
          fmt::format("penstock_kafka_requests_total{{api=\"{}\",platform=\"{}\"}} {}\n", api, platform, its.requests);
  family(text, "penstock_kafka_request_seconds", "summary", "Time from a request to its answer.");
  for (const auto& [platform, traffic] : platforms)
    for (const auto& [api, its] : traffic.apis) {
      const std::string labels = fmt::format("{{api=\"{}\",platform=\"{}\"}}", api, platform);
      text += fmt::format("penstock_kafka_request_seconds_sum{} {}\n", labels, its.latency_seconds);
      text += fmt::format("penstock_kafka_request_seconds_count{} {}\n", labels, its.answers);
    }
}

void errors(std::string& text, const Platforms& platforms) {
  family(text, "penstock_kafka_request_errors_total", "counter", "Requests without a usable answer, by code.");
  for (const auto& [platform, traffic] : platforms)
    for (const auto& [code, count] : traffic.errors)
      text += fmt::format("penstock_kafka_request_errors_total{{code=\"{}\",platform=\"{}\"}} {}\n", to_string(code),
                          platform, count);
}

void wires(std::string& text, const Platforms& platforms) {
  family(text, "penstock_kafka_bytes_total", "counter", "Bytes from and to brokers.");
  for (const auto& [platform, traffic] : platforms) {
    constexpr auto* kLine = "penstock_kafka_bytes_total{{direction=\"{}\",platform=\"{}\"}} {}\n";
    text += fmt::format(kLine, "in", platform, traffic.bytes_in);
    text += fmt::format(kLine, "out", platform, traffic.bytes_out);
  }
  family(text, "penstock_kafka_connects_total", "counter", "Connections with their handshakes, by result.");
  for (const auto& [platform, traffic] : platforms) {
    constexpr auto* kLine = "penstock_kafka_connects_total{{platform=\"{}\",result=\"{}\"}} {}\n";
    text += fmt::format(kLine, platform, "failed", traffic.connect_failures);
    text += fmt::format(kLine, platform, "opened", traffic.connects);
  }
}

}  // namespace

std::string expose(const std::map<std::string, kafka::Traffic>& traffic) {
  std::string text;
  if (traffic.empty()) return text;
  requests(text, traffic);
  errors(text, traffic);
  wires(text, traffic);
  return text;
}

}  // namespace penstock::scaler
