#include "cluster.hpp"

#include <array>
#include <utility>

namespace penstock::kafka {
namespace {

using Binding = Owned<rd_kafka_AclBinding_t, rd_kafka_AclBinding_destroy>;

// Kafka's CLUSTER and BROKER share a number, and librdkafka only has the latter's name.
constexpr std::array kTheirResources{
    std::pair{ResourceType::kTopic, RD_KAFKA_RESOURCE_TOPIC},
    std::pair{ResourceType::kGroup, RD_KAFKA_RESOURCE_GROUP},
    std::pair{ResourceType::kTransactionalId, RD_KAFKA_RESOURCE_TRANSACTIONAL_ID},
    std::pair{ResourceType::kCluster, RD_KAFKA_RESOURCE_BROKER},
};
constexpr std::array kTheirPatterns{
    std::pair{PatternType::kLiteral, RD_KAFKA_RESOURCE_PATTERN_LITERAL},
    std::pair{PatternType::kPrefixed, RD_KAFKA_RESOURCE_PATTERN_PREFIXED},
};
constexpr std::array kTheirPermissions{
    std::pair{Permission::kAllow, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW},
    std::pair{Permission::kDeny, RD_KAFKA_ACL_PERMISSION_TYPE_DENY},
};
constexpr std::array kTheirOperations{
    std::pair{Operation::kAll, RD_KAFKA_ACL_OPERATION_ALL},
    std::pair{Operation::kRead, RD_KAFKA_ACL_OPERATION_READ},
    std::pair{Operation::kWrite, RD_KAFKA_ACL_OPERATION_WRITE},
    std::pair{Operation::kCreate, RD_KAFKA_ACL_OPERATION_CREATE},
    std::pair{Operation::kDelete, RD_KAFKA_ACL_OPERATION_DELETE},
    std::pair{Operation::kAlter, RD_KAFKA_ACL_OPERATION_ALTER},
    std::pair{Operation::kDescribe, RD_KAFKA_ACL_OPERATION_DESCRIBE},
    std::pair{Operation::kDescribeConfigs, RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS},
    std::pair{Operation::kAlterConfigs, RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS},
    std::pair{Operation::kIdempotentWrite, RD_KAFKA_ACL_OPERATION_IDEMPOTENT_WRITE},
};

template <class Ours, class Theirs, std::size_t N>
Theirs theirs(const std::array<std::pair<Ours, Theirs>, N>& table, Ours value) {
  for (const auto& [ours, its] : table)
    if (ours == value) return its;
  std::unreachable();
}

template <class Ours, class Theirs, std::size_t N>
bool ours(const std::array<std::pair<Ours, Theirs>, N>& table, Theirs value, Ours& into) {
  for (const auto& [our, its] : table)
    if (its == value) {
      into = our;
      return true;
    }
  return false;
}

using MakeBinding = decltype(&rd_kafka_AclBinding_new);

Result<Binding> make(MakeBinding make_binding, const AclBinding& binding) {
  char words[256] = "";
  Binding made(make_binding(theirs(kTheirResources, binding.resource), binding.name.c_str(),
                            theirs(kTheirPatterns, binding.pattern), binding.principal.c_str(), binding.host.c_str(),
                            theirs(kTheirOperations, binding.operation), theirs(kTheirPermissions, binding.permission),
                            words, sizeof(words)));
  if (!made) return fail(Code::kInvalid, words, Retry::never());
  return made;
}

std::optional<AclBinding> read(const rd_kafka_AclBinding_t* found) {
  AclBinding binding;
  if (!ours(kTheirResources, rd_kafka_AclBinding_restype(found), binding.resource) ||
      !ours(kTheirPatterns, rd_kafka_AclBinding_resource_pattern_type(found), binding.pattern) ||
      !ours(kTheirOperations, rd_kafka_AclBinding_operation(found), binding.operation) ||
      !ours(kTheirPermissions, rd_kafka_AclBinding_permission_type(found), binding.permission))
    return std::nullopt;
  binding.name = rd_kafka_AclBinding_name(found);
  binding.principal = rd_kafka_AclBinding_principal(found);
  binding.host = rd_kafka_AclBinding_host(found);
  return binding;
}

// An empty field is a wildcard in a filter: it would take other people's bindings along.
bool complete(const AclBinding& binding) {
  return !binding.name.empty() && !binding.principal.empty() && !binding.host.empty();
}

struct Requests {
  std::vector<std::string> names;
  std::vector<Binding> bindings;  // parallel to names
};

Requests build(const std::vector<AclBinding>& bindings, MakeBinding make_binding, Outcome<void>& outcome) {
  Requests requests;
  std::map<std::string, const AclBinding*> once;
  for (const AclBinding& binding : bindings) once.emplace(binding.to_string(), &binding);
  for (const auto& [name, binding] : once) {
    auto made = complete(*binding)
                    ? make(make_binding, *binding)
                    : fail(Code::kInvalid, "an ACL needs a name, a principal and a host", Retry::never());
    if (!made) {
      outcome.refuse(name, made.error());
      continue;
    }
    requests.names.push_back(name);
    requests.bindings.push_back(std::move(*made));
  }
  return requests;
}

// Kafka answers in the order of the request.
template <class Send, class ErrorAt>
Result<PerItem<void>> send(Handle& handle, Duration timeout, rd_kafka_admin_op_t operation, Outcome<void> outcome,
                           const Requests& requests, Send send_chunk, ErrorAt errors_of) {
  Batch batch(handle, timeout);
  auto pointers = raw(requests.bindings);
  send_in_chunks(batch, operation, requests.names, pointers, outcome, send_chunk,
                 [&outcome, errors_of](const rd_kafka_event_t* answer, std::span<const std::string> chunk) {
                   const std::vector<const rd_kafka_error_t*> errors = errors_of(answer);
                   for (std::size_t i = 0; i < std::min(errors.size(), chunk.size()); ++i) {
                     if (auto error = to_error(errors[i]))
                       outcome.refuse(chunk[i], *std::move(error));
                     else
                       outcome.set(chunk[i], {});
                   }
                 });
  batch.run();
  return outcome.take(requests.names);
}

}  // namespace

Result<std::vector<AclBinding>> AdminCluster::acls(const std::string& principal, Duration timeout) {
  char words[256] = "";
  const Binding any(rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_ANY, nullptr, RD_KAFKA_RESOURCE_PATTERN_ANY, principal.empty() ? nullptr : principal.c_str(),
      nullptr, RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, words, sizeof(words)));
  if (!any) return fail(Code::kInternal, words);
  return ask<std::vector<AclBinding>>(
      *handle_, timeout, RD_KAFKA_ADMIN_OP_DESCRIBEACLS,
      [&](rd_kafka_t* rk, const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_DescribeAcls(rk, any.get(), options, queue);
      },
      [](const rd_kafka_event_t* answer) {
        std::vector<AclBinding> found;
        std::size_t count = 0;
        const auto** bindings = rd_kafka_DescribeAcls_result_acls(answer, &count);
        for (const auto* binding : std::span(bindings, count))
          if (auto known = read(binding)) found.push_back(*std::move(known));
        return found;
      });
}

Result<PerItem<void>> AdminCluster::create_acls(const std::vector<AclBinding>& bindings, Duration timeout) {
  Outcome<void> outcome;
  const Requests requests = build(bindings, rd_kafka_AclBinding_new, outcome);
  return send(*handle_, timeout, RD_KAFKA_ADMIN_OP_CREATEACLS, std::move(outcome), requests, rd_kafka_CreateAcls,
              [](const rd_kafka_event_t* event) {
                std::size_t count = 0;
                const auto** results = rd_kafka_CreateAcls_result_acls(event, &count);
                std::vector<const rd_kafka_error_t*> errors;
                for (const auto* result : std::span(results, count))
                  errors.push_back(rd_kafka_acl_result_error(result));
                return errors;
              });
}

Result<PerItem<void>> AdminCluster::delete_acls(const std::vector<AclBinding>& bindings, Duration timeout) {
  Outcome<void> outcome;
  const Requests requests = build(bindings, rd_kafka_AclBindingFilter_new, outcome);
  return send(*handle_, timeout, RD_KAFKA_ADMIN_OP_DELETEACLS, std::move(outcome), requests, rd_kafka_DeleteAcls,
              [](const rd_kafka_event_t* event) {
                std::size_t count = 0;
                const auto** responses = rd_kafka_DeleteAcls_result_responses(event, &count);
                std::vector<const rd_kafka_error_t*> errors;
                for (const auto* response : std::span(responses, count)) {
                  const auto* error = rd_kafka_DeleteAcls_result_response_error(response);
                  std::size_t matches = 0;
                  const auto** matching = rd_kafka_DeleteAcls_result_response_matching_acls(response, &matches);
                  for (const auto* match : std::span(matching, matches))
                    if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_NO_ERROR)
                      error = rd_kafka_AclBinding_error(match);
                  errors.push_back(error);
                }
                return errors;
              });
}

}  // namespace penstock::kafka
