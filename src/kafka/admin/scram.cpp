#include "cluster.hpp"

#include <array>

namespace penstock::kafka {
namespace {

using Alteration = Owned<rd_kafka_UserScramCredentialAlteration_t, rd_kafka_UserScramCredentialAlteration_destroy>;

// What clients must compute at each login, for passwords that people chose; the least that Kafka takes is 4096.
constexpr int kIterations = 8192;

constexpr std::array kMechanisms{
    std::pair{std::string_view("SCRAM-SHA-256"), RD_KAFKA_SCRAM_MECHANISM_SHA_256},
    std::pair{std::string_view("SCRAM-SHA-512"), RD_KAFKA_SCRAM_MECHANISM_SHA_512},
};

Result<Alteration> make(const ScramChange& change) {
  const auto* mechanism =
      std::ranges::find(kMechanisms, std::string_view(change.mechanism), [](const auto& known) { return known.first; });
  if (mechanism == kMechanisms.end())
    return fail(Code::kInvalid, change.mechanism + " is no SCRAM mechanism", Retry::never());
  if (change.user.empty() || (change.password && change.password->empty()))
    return fail(Code::kInvalid, "a SCRAM user needs a name and a password", Retry::never());
  if (!change.password)
    return Alteration(rd_kafka_UserScramCredentialDeletion_new(change.user.c_str(), mechanism->second));
  return Alteration(rd_kafka_UserScramCredentialUpsertion_new(
      change.user.c_str(), mechanism->second, kIterations,
      reinterpret_cast<const unsigned char*>(change.password->data()), change.password->size(), nullptr, 0));
}

std::set<std::string> mechanisms_of(const rd_kafka_UserScramCredentialsDescription_t* user) {
  std::set<std::string> out;
  for (std::size_t i = 0; i < rd_kafka_UserScramCredentialsDescription_scramcredentialinfo_count(user); ++i) {
    const auto* info = rd_kafka_UserScramCredentialsDescription_scramcredentialinfo(user, i);
    for (const auto& [name, theirs] : kMechanisms)
      if (rd_kafka_ScramCredentialInfo_mechanism(info) == theirs) out.emplace(name);
  }
  return out;
}

}  // namespace

Result<std::map<std::string, std::set<std::string>>> AdminCluster::scram_users(Duration timeout) {
  using Users = std::map<std::string, std::set<std::string>>;
  return ask<Users>(
      *handle_, timeout, RD_KAFKA_ADMIN_OP_DESCRIBEUSERSCRAMCREDENTIALS,
      [](rd_kafka_t* rk, const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_DescribeUserScramCredentials(rk, nullptr, 0, options, queue);
      },
      [](const rd_kafka_event_t* answer) {
        Users users;
        std::size_t count = 0;
        const auto** described = rd_kafka_DescribeUserScramCredentials_result_descriptions(answer, &count);
        for (const auto* user : std::span(described, count))
          users[rd_kafka_UserScramCredentialsDescription_user(user)] = mechanisms_of(user);
        return users;
      });
}

Result<PerItem<void>> AdminCluster::alter_scram_users(const std::vector<ScramChange>& changes, Duration timeout) {
  Outcome<void> outcome;
  std::vector<std::string> users;
  std::vector<Alteration> alterations;  // parallel to users
  for (const ScramChange& change : changes) {
    auto made = make(change);
    if (!made) {
      outcome.refuse(change.user, made.error());
      continue;
    }
    users.push_back(change.user);
    alterations.push_back(std::move(*made));
  }
  Batch batch(*handle_, timeout);
  auto pointers = raw(alterations);
  send_in_chunks(batch, RD_KAFKA_ADMIN_OP_ALTERUSERSCRAMCREDENTIALS, users, pointers, outcome,
                 rd_kafka_AlterUserScramCredentials,
                 [&outcome](const rd_kafka_event_t* answer, std::span<const std::string>) {
                   std::size_t count = 0;
                   const auto** responses = rd_kafka_AlterUserScramCredentials_result_responses(answer, &count);
                   for (const auto* response : std::span(responses, count)) {
                     const std::string user = rd_kafka_AlterUserScramCredentials_result_response_user(response);
                     auto error = to_error(rd_kafka_AlterUserScramCredentials_result_response_error(response));
                     if (error && error->code != Code::kNotFound)
                       outcome.refuse(user, *std::move(error));
                     else
                       outcome.set(user, {});
                   }
                 });
  batch.run();
  return outcome.take(users);
}

}  // namespace penstock::kafka
