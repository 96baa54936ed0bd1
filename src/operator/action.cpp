#include <penstock/operator/action.hpp>

#include <algorithm>

namespace penstock::op {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

std::string named(const k8s::Resource& resource, const k8s::ObjectKey& key) {
  return resource.kind + " " + key.to_string();
}

std::string because(std::string what, const std::string& why) {
  return why.empty() ? what : std::move(what) + ": " + why;
}

std::string join(const std::vector<kafka::AclBinding>& bindings) {
  std::string out;
  for (const auto& binding : bindings) out += (out.empty() ? "" : "; ") + binding.to_string();
  return out;
}

std::string print(const std::map<std::string, std::string>& settings) {
  std::string out;
  for (const auto& [key, value] : settings) out += (out.empty() ? "" : ", ") + key + "=" + value;
  return out;
}

std::string print(const kafka::TopicConfigChange& change) {
  std::string out = print(change.set);
  for (const auto& key : change.unset) out += (out.empty() ? "" : ", ") + key + " unset";
  return out;
}

std::string print(const std::vector<kafka::ScramChange>& changes) {
  std::string out;
  for (const auto& change : changes)
    out += (out.empty() ? "" : "; ") + std::string(change.password ? "set" : "delete") + " the " + change.mechanism +
           " password of user " + change.user;
  return out;
}

}  // namespace

std::string to_string(const Action& action) {
  return std::visit(
      Overloaded{
          [](const CreateObject& a) { return because("create " + named(a.resource, k8s::key_of(a.object)), a.why); },
          [](const PatchObject& a) { return because("patch " + named(a.resource, a.key), a.why); },
          [](const DeleteObject& a) { return because("delete " + named(a.resource, a.key), a.why); },
          [](const SetScale& a) {
            return because(
                "scale " + named(a.resource, a.key) + " from " + std::to_string(a.from) + " to " + std::to_string(a.to),
                a.why);
          },
          [](const RecordStatus& a) {
            return because("record in the status of " + named(a.resource, k8s::key_of(a.object)), a.why);
          },
          [](const CreateTopic& a) {
            const std::string replicas =
                a.topic.replication_factor < 0 ? "the default number of" : std::to_string(a.topic.replication_factor);
            return because("create topic " + a.topic.name + " with " + std::to_string(a.topic.partitions) +
                               " partitions and " + replicas + " replicas",
                           a.why);
          },
          [](const GrowPartitions& a) {
            return because("grow topic " + a.topic + " from " + std::to_string(a.from) + " to " + std::to_string(a.to) +
                               " partitions",
                           a.why);
          },
          [](const AlterTopicConfig& a) {
            return because("configure topic " + a.change.topic + " (" + print(a.change) + ")", a.why);
          },
          [](const AlterBrokerConfig& a) {
            return because("configure broker " + std::to_string(a.broker) + " (" + print(a.set) + ")", a.why);
          },
          [](const DeleteTopic& a) { return because("delete topic " + a.topic + " (" + a.topic_id + ")", a.why); },
          [](const CreateAcls& a) { return because("add ACLs (" + join(a.bindings) + ")", a.why); },
          [](const DeleteAcls& a) { return because("remove ACLs (" + join(a.bindings) + ")", a.why); },
          [](const AlterScramUsers& a) { return because(print(a.changes), a.why); },
          [](const EmitEvent& a) { return because("event " + a.reason, a.note); },
      },
      action);
}

bool disrupts(const Action& action) {
  return std::visit(Overloaded{
                        [](const DeleteObject& a) {
                          return a.resource == k8s::kinds::kPod || a.resource == k8s::kinds::kStatefulSet;
                        },
                        [](const SetScale& a) { return a.to < a.from; },
                        [](const DeleteTopic&) { return true; },
                        [](const DeleteAcls&) { return true; },
                        [](const AlterScramUsers& a) {
                          return std::ranges::any_of(a.changes, [](const auto& change) { return !change.password; });
                        },
                        [](const auto&) { return false; },
                    },
                    action);
}

}  // namespace penstock::op
