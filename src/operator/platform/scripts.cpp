#include <penstock/base/quantity.hpp>
#include <penstock/operator/platform/render.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kDefaultHeap = kMiB * 1024;      // what Kafka's own start script takes
constexpr std::int64_t kLargestHeap = kMiB * 1024 * 6;  // more only lengthens pauses; the page cache needs the rest

std::int64_t heap_bytes(const api::NodePool& pool) {
  if (!pool.heap.empty()) return parse_quantity(pool.heap).value_or(kDefaultHeap);
  const Json limits = pool.resources.value("limits", Json::object());
  const Json memory = limits.value("memory", Json{});
  const auto limit = memory.is_string() ? parse_quantity(memory.get<std::string>()) : std::nullopt;
  return limit ? std::min(*limit / 2, kLargestHeap) : kDefaultHeap;
}

}  // namespace

std::string heap(const api::NodePool& pool) {
  return std::to_string(heap_bytes(pool) / 1024) + "k";
}

std::string start_script(const Layout& layout) {
  // No output to a pipe and nothing but bash and java: the image owes us no other tool.
  return R"(#!/bin/bash
# Puts in what is this node's own, formats an empty volume, becomes Kafka.
set -eu
node_id=${POD_NAME##*-}
data=/var/lib/kafka/data
cluster_id=)" +
         layout.ids().cluster + R"(
rm -f /tmp/answered

properties=$(< /etc/penstock/server.properties)
properties=${properties//@HOST@/$POD_NAME.)" +
         layout.nodes_service() + "." + layout.platform().meta.ns + ".svc." + layout.settings().cluster_domain +
         R"(}
properties=${properties//@NODE_ID@/$node_id}
printf '%s\n' "$properties" > /tmp/server.properties

java=(java -cp '/opt/kafka/libs/*' -Djava.io.tmpdir=/tmp -Djava.awt.headless=true
  -Dlog4j2.configurationFile=/etc/penstock/log4j2.properties)

# Kafka writes meta.properties last: a volume that has one is formatted.
if [[ -e $data/meta.properties ]]; then
  while IFS='=' read -r key value; do
    if [[ $key == cluster.id && $value != "$cluster_id" ]]; then
      echo "the volume holds data of cluster $value, and this is cluster $cluster_id: not starting" >&2
      exit 1
    fi
  done < "$data/meta.properties"
else
  options=
  while read -r id rest; do
    if [[ $id == "$node_id" ]]; then options=$rest; fi
  done < /etc/penstock/format
  # Split into words on purpose.
  "${java[@]}" -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format -t="$cluster_id" \
    -c /tmp/server.properties --ignore-formatted $options
fi

exec "${java[@]}" "-Xmx$HEAP" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
  -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -XX:+ExitOnOutOfMemoryError \
  kafka.Kafka /tmp/server.properties
)";
}

std::string probe_script(const api::NodePool& pool) {
  const bool broker = pool.has(api::Role::kBroker);
  std::string script = R"(#!/bin/bash
# Whether this node answers. Usage: probe.sh ready|alive
# A node that has not answered since it started may still be reading its log, however long that takes: it counts as
# alive while its process is there.
set -eu
if [[ $1 == alive && ! -e /tmp/answered ]]; then exit 0; fi
exec 3<> /dev/tcp/127.0.0.1/)" +
                       std::to_string(broker ? kProbePort : kControllerPort) + "\n";
  // A controller's listener wants a certificate, which bash can't show: that it listens has to do. A broker opens its
  // listeners only when it has caught up with the metadata and is about to serve, and answers ApiVersions v0: length
  // 15, key 18, version 0, correlation 1, client id "probe". The answer begins with a zero byte, which ends the read.
  if (broker)
    script += R"(printf '\0\0\0\x0f\0\x12\0\0\0\0\0\1\0\5probe' >&3
IFS= read -r -d '' -t 4 <&3
)";
  return script + ": > /tmp/answered\n";
}

std::string log_config() {
  return R"(appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
)";
}

}  // namespace penstock::op::platform
