#include "meta_json.hpp"

#include <penstock/api/meta.hpp>

#include <algorithm>
#include <array>

namespace penstock::api {

namespace {

constexpr std::size_t kMessageLimit = 32768;  // as metav1.Condition
constexpr std::array<std::pair<ConditionStatus, std::string_view>, 3> kConditionStatus{{
    {ConditionStatus::kTrue, "True"},
    {ConditionStatus::kFalse, "False"},
    {ConditionStatus::kUnknown, "Unknown"},
}};

WallTime whole_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

}  // namespace

bool Meta::flag(std::string_view annotation) const {
  const auto found = annotations.find(std::string(annotation));
  return found != annotations.end() && found->second == "true";
}

bool Meta::has_finalizer() const {
  return std::ranges::find(finalizers, kFinalizer) != finalizers.end();
}

const Condition* Conditions::find(std::string_view type) const {
  const auto found = std::ranges::find(items_, type, &Condition::type);
  return found == items_.end() ? nullptr : &*found;
}

bool Conditions::is_true(std::string_view type) const {
  const auto* condition = find(type);
  return condition != nullptr && condition->status == ConditionStatus::kTrue;
}

void Conditions::set(std::string type, ConditionStatus status, std::string reason, std::string message,
                     std::int64_t generation, WallTime now) {
  auto place = std::ranges::lower_bound(items_, type, {}, &Condition::type);
  if (place == items_.end() || place->type != type) {
    place = items_.insert(place, Condition{});
    place->type = std::move(type);
    place->last_transition = whole_seconds(now);
  } else if (place->status != status) {
    place->last_transition = whole_seconds(now);
  }
  place->status = status;
  place->reason = std::move(reason);
  place->message = clipped(message, kMessageLimit);
  place->observed_generation = generation;
}

void Conditions::remove(std::string_view type) {
  std::erase_if(items_, [&](const Condition& condition) { return condition.type == type; });
}

Result<Conditions> Conditions::parse(const Json& list) {
  Problems problems;
  Conditions out;
  Field(list, "conditions", problems).for_each([&](const Field& item) {
    Condition condition;
    item["type"].required().read(condition.type);
    item["status"].required().read(condition.status, Names<ConditionStatus>(kConditionStatus));
    item["reason"].read(condition.reason);
    item["message"].read(condition.message);
    item["observedGeneration"].read(condition.observed_generation);
    item["lastTransitionTime"].read(condition.last_transition);
    out.items_.push_back(std::move(condition));
  });
  std::ranges::stable_sort(out.items_, {}, &Condition::type);
  const auto twins = std::ranges::unique(out.items_, {}, &Condition::type);
  out.items_.erase(twins.begin(), twins.end());
  return problems.or_value(std::move(out));
}

Json Conditions::print() const {
  Json out = Json::array();
  for (const auto& condition : items_) {
    Json item{{"type", condition.type},
              {"status", name_of(condition.status, Names<ConditionStatus>(kConditionStatus))},
              {"reason", condition.reason},
              {"message", condition.message},
              {"lastTransitionTime", format_time(condition.last_transition)}};
    if (condition.observed_generation > 0) item["observedGeneration"] = condition.observed_generation;
    out.push_back(std::move(item));
  }
  return out;
}

Json owner_reference(std::string_view kind, const Meta& meta) {
  return {{"apiVersion", kApiVersion}, {"kind", kind},       {"name", meta.name},
          {"uid", meta.uid},           {"controller", true}, {"blockOwnerDeletion", true}};
}

Result<Meta> parse_meta(const Json& object) {
  Problems problems;
  Meta meta = read_meta(Field(object, "", problems), "");
  return problems.or_value(std::move(meta));
}

Meta read_meta(const Field& object, std::string_view kind) {
  if (!object.present()) object.wrong("must be an object");
  std::string api_version(kApiVersion), kind_found(kind);
  object["apiVersion"].read(api_version);
  object["kind"].read(kind_found);
  if (!kind.empty() && (api_version != kApiVersion || kind_found != kind))
    object["kind"].wrong("must be " + std::string(kind) + " of " + std::string(kApiVersion));
  const Field f = object["metadata"];
  Meta meta;
  f["name"].required().read(meta.name);
  f["namespace"].read(meta.ns);
  f["uid"].read(meta.uid);
  f["resourceVersion"].read(meta.resource_version);
  f["generation"].read(meta.generation);
  f["labels"].read(meta.labels);
  f["annotations"].read(meta.annotations);
  f["finalizers"].read(meta.finalizers);
  f["creationTimestamp"].read(meta.created);
  f["deletionTimestamp"].read(meta.deleted);
  return meta;
}

PlatformRef read_platform_ref(const Field& spec) {
  const Field f = spec["platformRef"].required();
  PlatformRef ref;
  if (!f.present()) return ref;
  f["name"].required().read(ref.name);
  f["namespace"].read(ref.ns);
  return ref;
}

Conditions read_conditions(const Field& status) {
  Json list = Json::array();
  status["conditions"].read_list(list);
  return Conditions::parse(list).value_or(Conditions{});
}

Json print_object(std::string_view kind, const Meta& meta, Json spec, Json status) {
  Json metadata{{"name", meta.name}};
  put(metadata, "namespace", meta.ns);
  put(metadata, "uid", meta.uid);
  put(metadata, "resourceVersion", meta.resource_version);
  if (meta.generation > 0) metadata["generation"] = meta.generation;
  put(metadata, "labels", meta.labels);
  put(metadata, "annotations", meta.annotations);
  put(metadata, "finalizers", meta.finalizers);
  if (meta.created) metadata["creationTimestamp"] = format_time(*meta.created);
  if (meta.deleted) metadata["deletionTimestamp"] = format_time(*meta.deleted);
  Json out{{"apiVersion", kApiVersion}, {"kind", kind}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
  put_object(out, "status", std::move(status));
  return out;
}

Json print_platform_ref(const PlatformRef& ref) {
  Json out{{"name", ref.name}};
  put(out, "namespace", ref.ns);
  return out;
}

Json print_status_head(std::int64_t observed_generation, const Conditions& conditions) {
  Json out = Json::object();
  if (observed_generation > 0) out["observedGeneration"] = observed_generation;
  if (!conditions.all().empty()) out["conditions"] = conditions.print();
  return out;
}

void check_topic_name(const std::string& name, const Field& at) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name.empty() || name.size() > 249 || !std::ranges::all_of(name, allowed) || name == "." || name == "..")
    at.wrong("must be a Kafka topic name: 1 to 249 letters, digits, dots, underscores and dashes, not . or ..");
  else if (name.starts_with("__"))
    at.wrong("must not begin with two underscores: these topics are Kafka's own");
}

}  // namespace penstock::api
