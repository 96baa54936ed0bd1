#include <penstock/base/time.hpp>
#include <penstock/cli/convert.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

namespace penstock::cli {
namespace {

// KEDA's own defaults, of 2.21.
constexpr int kPollingSeconds = 30, kCooldownSeconds = 300, kMostReplicas = 100;
constexpr std::int64_t kLagThreshold = 10;

using Fates = std::map<std::string, std::string, std::less<>>;

// What the EventPlatform says once for all who consume from it.
const std::set<std::string, std::less<>> kOfThePlatform{"bootstrapServers",
                                                        "bootstrapServersFromEnv",
                                                        "sasl",
                                                        "saslTokenProvider",
                                                        "tls",
                                                        "unsafeSsl",
                                                        "version",
                                                        "awsRegion",
                                                        "cert",
                                                        "key",
                                                        "ca",
                                                        "keyPassword",
                                                        "username",
                                                        "password",
                                                        "kerberosServiceName",
                                                        "kerberosDisableFAST",
                                                        "oauthTokenEndpointUri",
                                                        "scopes",
                                                        "oauthExtensions",
                                                        "realm",
                                                        "keytab",
                                                        "kerberosConfig"};
const Fates kNotNeeded{
    {"limitToPartitionsWithLag", "a hot partition asks for no further replica by itself (verdict PartitionSkewed)"},
    {"excludePersistentLag", "a partition whose consumer hangs is left out by itself (verdict PartitionStuck)"},
    {"scaleToZeroOnInvalidOffset", "a commit that is gone or invalid counts as work by itself (verdict OffsetInvalid)"},
};

bool truth(const Json& value) {
  return value == true || (value.is_string() && value.get<std::string>() == "true");
}

// nullptr: it has none of that name.
const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::optional<std::int64_t> whole(const Json& value) {
  const std::string digits = text(value);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

class Converter {
 public:
  Converter(const Json& object, const std::string& platform)
      : metadata_(object.value("metadata", Json::object())), spec_(object.value("spec", Json::object())) {
    out_["platformRef"] = {{"name", platform}};
    target();
    if (const Json* triggers = member(spec_, "triggers"))
      for (const Json& trigger : *triggers) this->trigger(trigger);
    if (topics_.empty() && group_.empty())
      refuse("it has no kafka trigger: there is nothing for a ConsumerScaler to follow");
    if (!group_.empty()) out_["consumerGroup"] = group_;
    if (!topics_.empty()) out_["topics"] = topics_;
    out_["lagThreshold"] = threshold_.value_or(kLagThreshold);
    for (const auto& [name, value] : extra_.items()) out_[name] = value;
    bounds();
    fallback();
    advanced();
    if (const Json* annotations = member(metadata_, "annotations"))
      for (const auto& [name, value] : annotations->items())
        if (name.starts_with("autoscaling.keda.sh/paused"))
          note("it is paused: penstock.dev/paused: \"true\" does that");
  }

  Converted take() {
    OrderedJson object;
    if (refusals_.empty()) {
      object["apiVersion"] = "penstock.dev/v1alpha1";
      object["kind"] = "ConsumerScaler";
      object["metadata"]["name"] = metadata_.value("name", "");
      if (metadata_.contains("namespace")) object["metadata"]["namespace"] = metadata_["namespace"].get<std::string>();
      object["spec"] = std::move(out_);
    }
    return {std::move(object), std::move(notes_), std::move(refusals_)};
  }

 private:
  void note(std::string words) { notes_.push_back(std::move(words)); }
  void refuse(std::string words) { refusals_.push_back(std::move(words)); }

  void target() {
    const Json target = spec_.value("scaleTargetRef", Json::object());
    if (target.value("name", "").empty()) refuse("spec.scaleTargetRef.name is missing");
    for (const char* field : {"apiVersion", "kind", "name"})
      if (target.contains(field)) out_["scaleTargetRef"][field] = text(target[field]);
  }

  void trigger(const Json& trigger) {
    const std::string type = trigger.value("type", "");
    if (type != "kafka" && type != "apache-kafka")
      return refuse("the trigger " + type +
                    " has no counterpart: a ConsumerScaler follows Kafka alone; keep such a "
                    "workload with KEDA, and give this one Penstock as an `external` trigger beside the others");
    const Json given = trigger.value("metadata", Json::object());
    for (const auto& [name, value] : given.items()) parameter(name, value);
    if (!given.contains("consumerGroup")) refuse("a trigger without metadata.consumerGroup: name the group");
    const auto lag = whole(given.value("lagThreshold", Json(kLagThreshold)));
    if (!lag || *lag < 1) return refuse("lagThreshold must be a number from 1");
    if (threshold_ && threshold_ != lag)
      refuse("its kafka triggers have different thresholds: a ConsumerScaler adds the lag of its topics up under one");
    threshold_ = lag;
    if (trigger.contains("authenticationRef") && !std::exchange(told_platform_, true))
      note("the address and the credentials of its triggers belong to the EventPlatform now");
  }

  void parameter(const std::string& name, const Json& value) {
    if (kOfThePlatform.contains(name)) {
      if (!std::exchange(told_platform_, true))
        note("the address and the credentials of its triggers belong to the EventPlatform now");
    } else if (const auto fate = kNotNeeded.find(name); fate != kNotNeeded.end()) {
      if (truth(value)) note(name + ": " + fate->second);
    } else if (name == "consumerGroup") {
      if (!group_.empty() && group_ != text(value))
        return refuse(
            "its kafka triggers have different consumer groups: make a ConsumerScaler for each workload and group");
      group_ = text(value);
    } else if (name == "topic") {
      add_topics(text(value));
    } else if (name == "lagThreshold") {
      return;
    } else if (name == "activationLagThreshold") {
      if (const auto number = whole(value)) extra_["activationLagThreshold"] = *number;
    } else if (name == "offsetResetPolicy") {
      extra_["offsetReset"] = text(value);
    } else if (name == "allowIdleConsumers") {
      if (truth(value)) extra_["capToPartitions"] = false;
    } else if (name == "ensureEvenDistributionOfPartitions") {
      if (truth(value)) extra_["evenSpread"] = true;
    } else if (name == "partitionLimitation") {
      refuse("partitionLimitation has no counterpart: a ConsumerScaler counts every partition of its topics");
    } else {
      refuse("the trigger's parameter " + name + " is not known: look up what it does, and leave it out");
    }
  }

  void add_topics(const std::string& names) {
    for (std::size_t start = 0; start <= names.size();) {
      const std::size_t end = std::min(names.find(',', start), names.size());
      std::string name = names.substr(start, end - start);
      std::erase(name, ' ');
      if (!name.empty() && std::ranges::find(topics_, name) == topics_.end()) topics_.push_back(std::move(name));
      start = end + 1;
    }
  }

  std::int64_t number(const char* field, std::int64_t otherwise) const {
    return spec_.contains(field) ? whole(spec_[field]).value_or(otherwise) : otherwise;
  }

  void bounds() {
    out_["minReplicas"] = number("minReplicaCount", 0);
    out_["maxReplicas"] = number("maxReplicaCount", kMostReplicas);
    out_["cooldown"] = format_duration(std::chrono::seconds(number("cooldownPeriod", kCooldownSeconds)));
    if (out_["minReplicas"] == 0 && number("cooldownPeriod", kCooldownSeconds) == 0) {
      out_["cooldown"] = "1s";
      note("cooldownPeriod 0 becomes 1s, the least there is");
    }
    if (spec_.contains("pollingInterval")) note("pollingInterval is not needed: the lag is read every second");
    if (spec_.contains("initialCooldownPeriod"))
      note("initialCooldownPeriod is not needed: a workload that runs when it is first seen rests after its cooldown");
    if (spec_.contains("idleReplicaCount"))
      refuse(
          "idleReplicaCount has no counterpart: with minReplicas 0 a workload wakes with as many replicas as its lag "
          "needs; with a greater one it never rests");
  }

  void fallback() {
    if (!spec_.contains("fallback")) return;
    const Json& given = spec_["fallback"];
    const auto failures = whole(given.value("failureThreshold", Json(3))).value_or(3);
    const auto replicas = whole(given.value("replicas", Json(1))).value_or(1);
    const std::string behavior = given.value("behavior", "static");
    static const Fates kPolicies{
        {"static", "Static"}, {"currentReplicas", "Current"}, {"currentReplicasIfHigher", "CurrentIfHigher"}};
    const auto policy = kPolicies.find(behavior);
    if (policy == kPolicies.end())
      return refuse("fallback.behavior " + behavior +
                    " has no counterpart: use static, currentReplicas or "
                    "currentReplicasIfHigher");
    const auto after =
        std::chrono::seconds(std::max<std::int64_t>(failures * number("pollingInterval", kPollingSeconds), 1));
    out_["fallback"] = {{"after", format_duration(after)}, {"replicas", replicas}, {"policy", policy->second}};
  }

  void advanced() {
    const Json advanced = spec_.value("advanced", Json::object());
    if (advanced.contains("scalingModifiers"))
      refuse(
          "advanced.scalingModifiers has no counterpart: a formula over several metrics stays with KEDA, with Penstock "
          "as one `external` trigger of it");
    if (truth(advanced.value("restoreToOriginalReplicaCount", Json(false))))
      note("restoreToOriginalReplicaCount: a workload keeps its replicas when its ConsumerScaler is deleted");
    const Json hpa = advanced.value("horizontalPodAutoscalerConfig", Json::object());
    if (hpa.contains("behavior")) out_["behavior"] = hpa["behavior"];
    if (hpa.contains("name")) note("the HorizontalPodAutoscaler has the ConsumerScaler's name");
  }

  const Json metadata_, spec_;
  OrderedJson out_, extra_ = OrderedJson::object();
  std::string group_;
  std::vector<std::string> topics_, notes_, refusals_;
  std::optional<std::int64_t> threshold_;
  bool told_platform_ = false;
};

}  // namespace

Converted convert(const Json& scaled_object, const std::string& platform) {
  try {
    return Converter(scaled_object, platform).take();
  } catch (const Json::exception& error) {
    return {{}, {}, {std::string("it is no ScaledObject that KEDA would take: ") + error.what()}};
  }
}

}  // namespace penstock::cli
