#include <penstock/api/consumer_scaler.hpp>
#include <penstock/cli/convert.hpp>
#include <penstock/cli/manifest.hpp>

#include <algorithm>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::cli;

namespace {

Json scaled_object(const std::string& more_spec = "", const std::string& more_metadata = "",
                   const std::string& more_trigger = "") {
  const auto objects = parse_manifest(
      "kind: ScaledObject\nmetadata: {name: orders, namespace: shop}\nspec:\n"
      "  scaleTargetRef: {name: consumer}\n" +
      more_spec +
      "  triggers:\n  - type: kafka\n    metadata:\n      bootstrapServers: kafka:9092\n"
      "      consumerGroup: orders\n      topic: orders\n" +
      more_metadata + more_trigger);
  REQUIRE(objects);
  return objects->front();
}

bool says(const std::vector<std::string>& lines, std::string_view words) {
  return std::ranges::any_of(lines, [&](const std::string& line) { return line.find(words) != std::string::npos; });
}

api::ConsumerScalerSpec spec_of(const Converted& converted) {
  REQUIRE(converted.refusals.empty());
  const auto scaler = api::parse_consumer_scaler(Json::parse(converted.scaler.dump()));
  REQUIRE_MESSAGE(scaler, (scaler ? "" : scaler.error().what));
  CHECK(scaler->meta.name == "orders");
  CHECK(scaler->meta.ns == "shop");
  return scaler->spec;
}

}  // namespace

TEST_CASE("what a trigger leaves out becomes what KEDA takes for it") {
  const auto spec = spec_of(convert(scaled_object(), "main"));
  CHECK(spec.platform.name == "main");
  CHECK(spec.target == api::ScaleTarget{"apps/v1", "Deployment", "consumer"});
  CHECK(spec.consumer_group == "orders");
  CHECK(spec.topics == std::vector<std::string>{"orders"});
  CHECK(spec.lag_threshold == 10);
  CHECK(spec.min_replicas == 0);
  CHECK(spec.max_replicas == 100);
  CHECK(spec.cooldown == 5min);
  CHECK_FALSE(spec.fallback);
}

TEST_CASE("each parameter is carried over under its name here") {
  const auto converted =
      convert(scaled_object(
                  "  minReplicaCount: 2\n  maxReplicaCount: 24\n  cooldownPeriod: 60\n  pollingInterval: 10\n"
                  "  fallback: {failureThreshold: 6, replicas: 4, behavior: currentReplicasIfHigher}\n"
                  "  advanced:\n    horizontalPodAutoscalerConfig:\n      behavior: {scaleDown: {selectPolicy: Min}}\n",
                  "      lagThreshold: '50'\n      activationLagThreshold: '5'\n      offsetResetPolicy: earliest\n"
                  "      allowIdleConsumers: 'true'\n      ensureEvenDistributionOfPartitions: 'true'\n"),
              "main");
  const auto spec = spec_of(converted);
  CHECK(spec.lag_threshold == 50);
  CHECK(spec.activation_lag_threshold == 5);
  CHECK(spec.offset_reset == api::OffsetReset::kEarliest);
  CHECK_FALSE(spec.cap_to_partitions);
  CHECK(spec.even_spread);
  CHECK(spec.min_replicas == 2);
  CHECK(spec.max_replicas == 24);
  CHECK(spec.cooldown == 1min);
  CHECK(spec.fallback == api::Fallback{1min, 4, api::FallbackPolicy::kCurrentIfHigher});
  CHECK(spec.behavior == Json{{"scaleDown", {{"selectPolicy", "Min"}}}});
  CHECK(says(converted.notes, "belong to the EventPlatform"));
  CHECK(says(converted.notes, "pollingInterval is not needed"));
}

TEST_CASE("what Penstock does by itself is noted") {
  const auto converted =
      convert(scaled_object("",
                            "      limitToPartitionsWithLag: 'true'\n      excludePersistentLag: 'true'\n"
                            "      scaleToZeroOnInvalidOffset: 'false'\n"),
              "main");
  CHECK(converted.refusals.empty());
  CHECK(says(converted.notes, "PartitionSkewed"));
  CHECK(says(converted.notes, "PartitionStuck"));
  CHECK_FALSE(says(converted.notes, "OffsetInvalid"));
}

TEST_CASE("several topics of one group are one ConsumerScaler") {
  const auto converted = convert(
      scaled_object("", "", "  - type: apache-kafka\n    metadata: {consumerGroup: orders, topic: 'retry, dlq'}\n"),
      "main");
  CHECK(spec_of(converted).topics == std::vector<std::string>{"orders", "retry", "dlq"});
}

TEST_CASE("what has no counterpart is refused in words, and nothing is printed") {
  const std::pair<Json, const char*> cases[] = {
      {scaled_object("", "", "  - type: cpu\n    metadata: {value: '80'}\n"), "the trigger cpu has no counterpart"},
      {scaled_object("", "", "  - type: kafka\n    metadata: {consumerGroup: other, topic: a}\n"),
       "different consumer groups"},
      {scaled_object("", "", "  - type: kafka\n    metadata: {consumerGroup: orders, topic: a, lagThreshold: '9'}\n"),
       "different thresholds"},
      {scaled_object("", "      partitionLimitation: '1-4'\n"), "partitionLimitation has no counterpart"},
      {scaled_object("", "      somethingNew: '1'\n"), "somethingNew is not known"},
      {scaled_object("  idleReplicaCount: 0\n"), "idleReplicaCount has no counterpart"},
      {scaled_object("  advanced: {scalingModifiers: {formula: 'a + b'}}\n"), "scalingModifiers has no counterpart"},
      {scaled_object("  fallback: {failureThreshold: 3, replicas: 6, behavior: scalingModifiers}\n"),
       "fallback.behavior"},
      {Json{{"kind", "ScaledObject"}}, "no kafka trigger"},
      {Json{{"kind", "ScaledObject"}, {"spec", {{"scaleTargetRef", {{"name", 5}}}}}},
       "no ScaledObject that KEDA would take"},
  };
  for (const auto& [object, words] : cases) {
    const auto converted = convert(object, "main");
    CHECK_MESSAGE(says(converted.refusals, words), words);
    CHECK(converted.scaler.is_null());
  }
}
