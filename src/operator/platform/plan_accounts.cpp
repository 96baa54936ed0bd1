#include <penstock/operator/difference.hpp>
#include <penstock/operator/platform/accounts.hpp>
#include <penstock/operator/platform/certificates.hpp>
#include <penstock/operator/platform/parts.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

using Users = std::map<std::string, std::set<std::string>>;

class Accounts {
 public:
  Accounts(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now)
      : plan_(plan), seen_(*observed.accounts), observed_(observed), layout_(layout), now_(now) {}

  void run() {
    plan_.status.accounts.clear();
    if (!seen_.users) {
      plan_.status.accounts = layout_.platform().status.accounts;
      return tell(false, "NotAsked", "Kafka did not tell its users: " + seen_.users.error().what);
    }
    record_new();
    for (const api::Account& account : layout_.platform().spec.accounts) keep(account);
    const auto& wanted = layout_.platform().spec.accounts;
    for (const api::AccountStatus& record : layout_.platform().status.accounts)
      if (std::ranges::count(wanted, record.name, &api::Account::name) == 0) take_back(record);
    if (problems_.empty()) return tell(true, "InKafka", "every account can log in");
    tell(false, "Conflict", join(problems_, ", ") + ": rename it or delete it");
  }

 private:
  void tell(bool good, const std::string& reason, const std::string& message) {
    plan_.status.conditions.set("AccountsReady", good ? api::ConditionStatus::kTrue : api::ConditionStatus::kFalse,
                                reason, message, layout_.platform().meta.generation, now_);
  }

  // Null: there is none, or it is somebody else's.
  const Json* secret_of(const std::string& account) {
    const auto found = seen_.secrets.find(account_secret_name(layout_, account));
    if (found == seen_.secrets.end()) return nullptr;
    if (is_child(found->second, layout_.platform())) return &found->second;
    problems_.push_back("Secret " + found->first + " exists and does not belong to this EventPlatform");
    return nullptr;
  }

  // Before anything of it is put into Kafka. The user that is on record stays the one before until the Secret has the
  // new one: after a crash between the two it must not be given a new password, as clients may have the old one.
  void record_new() {
    const auto& before = layout_.platform().status.accounts;
    api::EventPlatformStatus status = plan_.status;
    status.accounts = before;
    for (const auto& [name, login] : seen_.logins)
      if (std::ranges::find(before, name, &api::AccountStatus::name) == before.end())
        status.accounts.push_back({name, login.user, login.since});
    if (status.accounts.size() > before.size())
      plan_.actions.push_back(record(layout_.platform(), status, "its accounts are to be put into Kafka"));
  }

  void keep(const api::Account& account) {
    const auto found = seen_.logins.find(account.name);
    if (found == seen_.logins.end()) return problems_.push_back("there is no authority for account " + account.name);
    const Login& login = found->second;
    plan_.status.accounts.push_back({account.name, login.user, login.since});
    const std::size_t problems = problems_.size();
    const Json* live = secret_of(account.name);
    if (problems_.size() > problems) return;
    const bool taken = live != nullptr && is_taken(*live, account, login);
    if (account.authentication != api::kMutualTls && (!taken || !has(login.user, account.authentication)))
      plan_.actions.push_back(AlterScramUsers{{{login.user, account.authentication, login.password}},
                                              "account " + account.name + " logs in with it"});
    write(account, account_secret(layout_, account, login, observed_.certificates.nodes.signing.authorities), live);
    retire(account, login);
  }

  bool has(const std::string& user, const std::string& mechanism) const {
    const auto found = seen_.users->find(user);
    return found != seen_.users->end() && found->second.contains(mechanism);
  }

  void write(const api::Account& account, Json wanted, const Json* live) {
    const std::string why = "the clients of account " + account.name + " log in with it";
    if (live == nullptr) {
      plan_.actions.push_back(CreateObject{k8s::kinds::kSecret, std::move(wanted), why});
      return;
    }
    Json change = difference(wanted, *live, {"data"});
    if (change.empty() || live->at("metadata").contains("deletionTimestamp")) return;
    change["metadata"]["uid"] = live->at("metadata").value("uid", "");
    change["metadata"]["resourceVersion"] = live->at("metadata").value("resourceVersion", "");
    plan_.actions.push_back(PatchObject{k8s::kinds::kSecret, k8s::key_of(wanted), std::move(change), why});
  }

  // What the account logged in with before.
  void retire(const api::Account& account, const Login& login) {
    std::vector<kafka::ScramChange> old;
    for (const std::string& user : api::users_of(account.name))
      for (const char* mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-512"})
        if (has(user, mechanism) && (user != login.user || mechanism != account.authentication))
          old.push_back({user, mechanism, std::nullopt});
    if (old.empty()) return;
    const Duration left = login.since + account.rotation_overlap - now_;
    if (left > 0s) {
      plan_.look_again = std::min(plan_.look_again.value_or(left), left);
      return;
    }
    plan_.actions.push_back(AlterScramUsers{std::move(old), "account " + account.name + " has logged in as " +
                                                                login.user + " since " + format_time(login.since)});
  }

  void take_back(const api::AccountStatus& record) {
    const std::string why = "spec.accounts no longer has " + record.name;
    std::vector<kafka::ScramChange> gone;
    for (const std::string& user : api::users_of(record.name))
      for (const char* mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-512"})
        if (has(user, mechanism)) gone.push_back({user, mechanism, std::nullopt});
    const Json* live = secret_of(record.name);
    if (live == nullptr && gone.empty()) return;
    plan_.status.accounts.push_back(record);  // until nothing of it is left
    if (!gone.empty()) plan_.actions.push_back(AlterScramUsers{std::move(gone), why});
    if (live != nullptr)
      plan_.actions.push_back(
          DeleteObject{k8s::kinds::kSecret, k8s::key_of(*live), live->at("metadata").value("uid", ""), why});
  }

  PlatformPlan& plan_;
  const AccountsSeen& seen_;
  const Observed& observed_;
  const Layout& layout_;
  WallTime now_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<kafka::AclBinding> scaler_acls() {
  std::vector<kafka::AclBinding> out;
  for (const auto resource : {kafka::ResourceType::kTopic, kafka::ResourceType::kGroup})
    out.push_back({.resource = resource,
                   .name = "*",
                   .principal = "User:CN=" + std::string(kScalerName),
                   .operation = kafka::Operation::kDescribe});
  return out;
}

void keep_scaler_access(PlatformPlan& plan, const Observed& observed) {
  if (!observed.scaler_acls) return;
  std::vector<kafka::AclBinding> missing;
  for (auto& binding : scaler_acls())
    if (std::ranges::find(*observed.scaler_acls, binding) == observed.scaler_acls->end())
      missing.push_back(std::move(binding));
  if (!missing.empty())
    plan.actions.push_back(CreateAcls{std::move(missing), "penstock-scaler looks at topics and groups, no more"});
}

void keep_accounts(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now) {
  if (observed.accounts) return Accounts(plan, observed, layout, now).run();
  if (known_accounts(observed.platform).empty()) plan.status.conditions.remove("AccountsReady");
}

}  // namespace penstock::op::platform
