#include "event_platform_json.hpp"

#include <penstock/api/event_platform.hpp>

#include <algorithm>

namespace penstock::api {

namespace {

EventPlatformSpec read_spec(const Field& f) {
  EventPlatformSpec spec;
  if (f["kafka"].present()) spec.kafka = read_managed(f["kafka"]);
  if (f["external"].present()) spec.external = read_external(f["external"]);
  if (f.present() && spec.kafka.has_value() == spec.external.has_value())
    f.wrong("must have exactly one of kafka and external");
  f["accounts"].for_each([&](const Field& item) { spec.accounts.push_back(read_account(item)); });
  check_accounts(spec, f["accounts"]);
  f["allowedNamespaces"].for_each(
      [&](const Field& item) { spec.allowed_namespaces.push_back(read_namespace_rule(item)); });
  return spec;
}

EventPlatformStatus read_platform_status(const Json& object) {
  Problems ignored;
  const Field f = Field(object, "", ignored)["status"];
  EventPlatformStatus status;
  f["observedGeneration"].read(status.observed_generation);
  status.conditions = read_conditions(f);
  f["clusterId"].read(status.cluster_id);
  f["kafkaVersion"].read(status.kafka_version);
  f["bootstrapServers"].read(status.bootstrap_servers);
  if (const Field nodes = f["nodes"]; nodes.present()) {
    status.nodes.emplace();
    nodes["desired"].read(status.nodes->desired);
    nodes["ready"].read(status.nodes->ready);
    nodes["updated"].read(status.nodes->updated);
  }
  f["brokers"].read(status.brokers);
  f["capabilities"].read(status.capabilities);
  std::ranges::sort(status.capabilities);
  f["directoryIds"].read(status.directory_ids);
  f["certificates"].for_each([&](const Field& item) {
    CertificateEnd& end = status.certificates.emplace_back();
    item["name"].read(end.name);
    item["notAfter"].read(end.not_after);
  });
  f["accounts"].for_each([&](const Field& item) {
    AccountStatus& account = status.accounts.emplace_back();
    item["name"].read(account.name);
    item["user"].read(account.user);
    item["since"].read(account.since);
  });
  f["plan"].read(status.plan);
  return status;
}

Json print_spec(const EventPlatformSpec& spec) {
  Json out = Json::object();
  if (spec.kafka) out["kafka"] = print_managed(*spec.kafka);
  if (spec.external) out["external"] = print_external(*spec.external);
  for (const auto& account : spec.accounts) out["accounts"].push_back(print_account(account));
  for (const auto& rule : spec.allowed_namespaces) out["allowedNamespaces"].push_back(print_namespace_rule(rule));
  return out;
}

}  // namespace

std::array<std::string, 2> users_of(const std::string& account) {
  return {account, account + ".b"};
}

Result<EventPlatform> parse_event_platform(const Json& object) {
  Problems problems;
  const Field root(object, "", problems);
  EventPlatform platform;
  platform.meta = read_meta(root, EventPlatform::kKind);
  platform.spec = read_spec(root["spec"].required());
  platform.status = read_platform_status(object);
  return problems.or_value(std::move(platform));
}

Json print(const EventPlatform& platform) {
  return print_object(EventPlatform::kKind, platform.meta, print_spec(platform.spec), print_status(platform.status));
}

Json print_status(const EventPlatformStatus& status) {
  Json out = print_status_head(status.observed_generation, status.conditions);
  put(out, "clusterId", status.cluster_id);
  put(out, "kafkaVersion", status.kafka_version);
  put(out, "bootstrapServers", status.bootstrap_servers);
  if (const auto& nodes = status.nodes)
    out["nodes"] = {{"desired", nodes->desired}, {"ready", nodes->ready}, {"updated", nodes->updated}};
  if (status.brokers > 0) out["brokers"] = status.brokers;
  put(out, "capabilities", status.capabilities);
  put(out, "directoryIds", status.directory_ids);
  for (const auto& end : status.certificates)
    out["certificates"].push_back({{"name", end.name}, {"notAfter", format_time(end.not_after)}});
  for (const auto& account : status.accounts)
    out["accounts"].push_back({{"name", account.name}, {"user", account.user}, {"since", format_time(account.since)}});
  put(out, "plan", clipped(status.plan, kMostLines, kLineLimit));
  return out;
}

}  // namespace penstock::api
