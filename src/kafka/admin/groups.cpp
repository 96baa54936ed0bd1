#include "groups.hpp"

#include "cluster.hpp"

#include <algorithm>
#include <array>

namespace penstock::kafka {
namespace {

using CommitsRequest = Owned<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy>;

// librdkafka knows the states of classic groups; the only other ones are Assigning and Reconciling, both of which mean
// that a KIP-848 group is rebalancing.
std::string state_name(rd_kafka_consumer_group_state_t state) {
  return state == RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN ? "Reconciling" : rd_kafka_consumer_group_state_name(state);
}

std::string type_name(rd_kafka_consumer_group_type_t type) {
  return type == RD_KAFKA_CONSUMER_GROUP_TYPE_UNKNOWN ? "" : rd_kafka_consumer_group_type_name(type);
}

GroupInfo read_group(const rd_kafka_ConsumerGroupDescription_t* described) {
  GroupInfo info;
#if RD_KAFKA_VERSION >= 0x020a0000
  info.type = type_name(rd_kafka_ConsumerGroupDescription_type(described));
#endif
  info.state = state_name(rd_kafka_ConsumerGroupDescription_state(described));
  if (const char* assignor = rd_kafka_ConsumerGroupDescription_partition_assignor(described)) info.assignor = assignor;
  const std::size_t members = rd_kafka_ConsumerGroupDescription_member_count(described);
  info.members = static_cast<int>(members);
  auto assigned = std::make_shared<Assignment>();
  for (std::size_t i = 0; i < members; ++i) {
    const auto* member = rd_kafka_ConsumerGroupDescription_member(described, i);
    const auto* assignment = rd_kafka_MemberDescription_assignment(member);
    const auto* partitions = assignment ? rd_kafka_MemberAssignment_partitions(assignment) : nullptr;
    if (!partitions) continue;
    for (const auto& one : std::span(partitions->elems, static_cast<std::size_t>(partitions->cnt)))
      (*assigned)[one.topic].push_back(one.partition);
  }
  for (auto& [topic, partitions] : *assigned) std::ranges::sort(partitions);
  info.assigned = std::move(assigned);
  return info;
}

Commits read_commits(const rd_kafka_topic_partition_list_t* list) {
  Commits commits;
  for (const auto& one : std::span(list->elems, static_cast<std::size_t>(list->cnt))) {
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      commits[one.topic].insert_or_assign(one.partition, std::unexpected(to_error(one.err, nullptr)));
    else if (one.offset >= 0)
      commits[one.topic].insert_or_assign(one.partition, one.offset);
  }
  return commits;
}

}  // namespace

void submit_list_groups(Batch& batch, std::function<void(Result<GroupList>)> answer) {
  batch.submit(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, rd_kafka_ListConsumerGroups,
               [answer = std::move(answer)](const Result<const rd_kafka_event_t*>& event) {
                 if (!event) return answer(std::unexpected(event.error()));
                 GroupList list;
                 std::size_t count = 0;
                 const auto** groups = rd_kafka_ListConsumerGroups_result_valid(*event, &count);
                 for (const auto* group : std::span(groups, count))
                   list.groups[rd_kafka_ConsumerGroupListing_group_id(group)] = {
                       type_name(rd_kafka_ConsumerGroupListing_type(group)),
                       state_name(rd_kafka_ConsumerGroupListing_state(group))};
                 const auto** errors = rd_kafka_ListConsumerGroups_result_errors(*event, &count);
                 for (const auto* error : std::span(errors, count))
                   if (!list.incomplete) list.incomplete = to_error(error);
                 answer(std::move(list));
               });
}

void submit_describe_group(Batch& batch, Handle& handle, const std::string& group,
                           std::function<void(Result<GroupInfo>)> answer) {
  batch.submit(
      RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS,
      [&](rd_kafka_t* rk, const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        const char* name = group.c_str();
        rd_kafka_DescribeConsumerGroups(rk, &name, 1, options, queue);
      },
      [&handle, answer = std::move(answer)](const Result<const rd_kafka_event_t*>& event) {
        if (!event) return answer(std::unexpected(event.error()));
        std::size_t count = 0;
        const auto** groups = rd_kafka_DescribeConsumerGroups_result_groups(*event, &count);
        if (count != 1) return answer(fail(Code::kUnavailable, "the broker's answer says nothing about the group"));
        const auto* error = rd_kafka_ConsumerGroupDescription_error(groups[0]);
        const auto code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return answer(read_group(groups[0]));
        if (code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) {
          GroupInfo dead;
          dead.state = "Dead";
          return answer(std::move(dead));
        }
        answer(std::unexpected(handle.explain(code, rd_kafka_error_string(error))));
      });
}

void submit_commits(Batch& batch, Handle& handle, const std::string& group,
                    std::function<void(Result<Commits>)> answer) {
  const CommitsRequest request(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr));
  batch.submit(
      RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
      [&](rd_kafka_t* rk, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        // A null error frees as nothing; the option is there for this operation.
        const Owned<rd_kafka_error_t, rd_kafka_error_destroy> refused(
            rd_kafka_AdminOptions_set_require_stable_offsets(options, 0));
        rd_kafka_ListConsumerGroupOffsets_t* one = request.get();
        rd_kafka_ListConsumerGroupOffsets(rk, &one, 1, options, queue);
      },
      [&handle, answer = std::move(answer)](const Result<const rd_kafka_event_t*>& event) {
        if (!event) return answer(std::unexpected(event.error()));
        std::size_t count = 0;
        const auto** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(*event, &count);
        if (count != 1) return answer(fail(Code::kUnavailable, "the broker's answer says nothing about the group"));
        const auto* error = rd_kafka_group_result_error(groups[0]);
        if (error && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR)
          return answer(std::unexpected(handle.explain(rd_kafka_error_code(error), rd_kafka_error_string(error))));
        const auto* partitions = rd_kafka_group_result_partitions(groups[0]);
        answer(partitions ? read_commits(partitions) : Commits{});
      });
}

// A group counts when a member is assigned a partition of the topic. Where assignments can't be seen (it rebalances, or
// it is a KIP-848 group and librdkafka is too old for these) its commits stand in for them. A question that stays open
// is an error of the whole: this guards deletions.
Result<std::vector<std::string>> AdminCluster::active_groups_of(const std::string& topic, Duration timeout) {
  // A handle for this call: coordinators must not be remembered, and unanswered requests to them not be left behind.
  const auto handle = open(connection_, client_id_);
  if (!handle) return std::unexpected(handle.error());
  Handle& own = **handle;
  Batch batch(own, timeout);
  std::vector<std::string> active;
  std::optional<Error> failed;
  const auto fail_with = [&failed](std::string_view doing, const Error& error) {
    if (!failed) failed = fail(doing, error).error();
  };
  const auto by_commits = [&](const std::string& id) {
    submit_commits(batch, own, id, [&, id](const Result<Commits>& commits) {
      if (!commits) return fail_with("group " + id, commits.error());
      if (commits->contains(topic)) active.push_back(id);
    });
  };
  submit_list_groups(batch, [&](const Result<GroupList>& list) {
    if (!list) return fail_with("listing groups", list.error());
    if (list->incomplete) return fail_with("listing groups", *list->incomplete);
    for (const auto& [id, listed] : list->groups) {
      if (!listed.has_members()) continue;
      submit_describe_group(batch, own, id, [&, id, listed](const Result<GroupInfo>& info) {
        if (!info) return fail_with("group " + id, info.error());
        if (info->state == "Stable") {
          if (info->assigned && info->assigned->contains(topic)) active.push_back(id);
        } else if (info->state != "Empty" && (info->state != "Dead" || listed.type == "Consumer")) {
          by_commits(id);
        }
      });
    }
  });
  batch.run();
  if (failed) return std::unexpected(*failed);
  std::ranges::sort(active);
  return active;
}

}  // namespace penstock::kafka
