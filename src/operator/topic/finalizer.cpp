#include "finalizer.hpp"

#include <penstock/operator/status_writer.hpp>

#include <algorithm>

namespace penstock::op::topic {

bool needs_finalizer(const api::Topic& topic, const api::TopicStatus& status) {
  return topic.spec.deletion_policy == api::DeletionPolicy::kDelete || !topic.spec.access.empty() ||
         !status.owned_acls.empty();
}

PatchObject set_finalizer(const api::Meta& meta, bool present) {
  std::vector<std::string> finalizers = meta.finalizers;
  std::erase(finalizers, std::string(api::kFinalizer));
  if (present) finalizers.emplace_back(api::kFinalizer);
  // The list is replaced as a whole: the version is a precondition, so that nobody else's entry is lost.
  Json patch = {
      {"metadata", {{"uid", meta.uid}, {"resourceVersion", meta.resource_version}, {"finalizers", finalizers}}}};
  return {k8s::kinds::kTopic,
          {meta.ns, meta.name},
          std::move(patch),
          present ? "something in Kafka must be taken back when it goes" : "nothing is left to be taken back"};
}

RecordStatus record(const api::Meta& meta, const api::TopicStatus& status, const std::string& why) {
  return {k8s::kinds::kTopic, status_object(api::Topic::kKind, meta, api::print_status(status)), why};
}

}  // namespace penstock::op::topic
